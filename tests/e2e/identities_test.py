#!/usr/bin/python3
"""Is each kind of name in a real certificate the device that the inventory says, and nearly the
same name nobody? Method: certificates that Debian's openssl makes, in handshakes with the gateway.
"""
import hashlib
import subprocess

from harness import GatewayCase, add_rows, main, request, wait_until

URI = "spiffe://plant.example/line/7"
URN = "urn:plc17:vendor:server"
DNS = "plc-17.plant.example"
SERIAL = "PID:EG-100 SN:0017"
MODULE = "1.3.6.1.4.1.4711.7"
FOREVER = "99991231235959Z"  # IEEE 802.1AR, 8.7.


def module(oid, number):
    return f"otherName:1.3.6.1.5.5.7.8.4;SEQ:module\n[module]\ntype = OID:{oid}\n" \
           f"number = FORMAT:HEX,OCT:{number}"


# Certificate -> (subject, alternative names, end of validity, what it must be).
CERTIFICATES = {
    "uri": ("/CN=x", f"URI:{URI}", None, "by-uri"),
    "urn": ("/CN=x", f"URI:{URN}", None, "by-urn"),
    "dns": ("/CN=x", f"DNS:{DNS.upper()}", None, "by-dns"),
    "serial": (f"/serialNumber={SERIAL}", None, FOREVER, "by-serial"),
    "module": ("/O=Example", module(MODULE, "0012ab"), FOREVER, "by-module"),
    "name": ("/CN=Press 7", None, None, "by-name"),

    "uri in capitals": ("/CN=x", "URI:spiffe://Plant.example/line/7", None, "unknown_device"),
    "uri and another": ("/CN=x", f"URI:{URI},URI:spiffe://plant.example/line/8", None,
                        "unknown_device"),
    "urn in capitals": ("/CN=x", f"URI:{URN.upper()}", None, "unknown_device"),
    "dns with a dot": ("/CN=x", f"DNS:{DNS}.", None, "unknown_device"),
    "dns wildcard": ("/CN=x", "DNS:*.plant.example", None, "unknown_device"),
    "serial without zeros": ("/serialNumber=PID:EG-100 SN:17", None, None, "unknown_device"),
    "module of another type": ("/O=Example", module(MODULE + ".1", "0012ab"), None,
                               "unknown_device"),
    "module without zeros": ("/O=Example", module(MODULE, "12ab"), None, "unknown_device"),
    "name in capitals": ("/CN=PRESS 7", None, None, "unknown_device"),
    "name beside another": ("/CN=Press 7", "DNS:press-7.plant.example", None, "unknown_device"),
    "name in a mail address": ("/O=Example", "email:Press 7", None, "unknown_device"),

    "two devices": (f"/serialNumber={SERIAL}", f"DNS:{DNS}", None, "identity_ambiguous"),
}


class Identities(GatewayCase):
    @classmethod
    def furnish(cls, plant):
        cls.plant = plant
        config = (plant / "authority/openssl.cnf").read_text(encoding="utf-8")
        cls.config = config.replace("commonName = supplied", "commonName = optional")
        function = "line-hmi"
        add_rows(plant, ("by-uri", function, "uri", URI), ("by-urn", function, "uri", URN),
                 ("by-dns", function, "dns", DNS), ("by-serial", function, "serial", SERIAL),
                 ("by-module", function, "hwmodule", MODULE + ":0012AB"),
                 ("by-name", function, "cn", "Press 7"))
        for name, (subject, names, end, _) in CERTIFICATES.items():
            cls.issue(name, subject, names, end)

    @classmethod
    def openssl(cls, *arguments):
        return subprocess.run(["openssl", *arguments], cwd=cls.plant, capture_output=True,
                              check=True).stdout

    @classmethod
    def issue(cls, name, subject, names, end):
        """A certificate of the plant's authority, as "devices/NAME.pem" with its key."""
        (cls.plant / "authority/names.cnf").write_text(
            cls.config.replace("[device]\n", "[device]\n" + "subjectAltName = @alternative\n" * bool(names)) +
            (f"[alternative]\n{names_section(names)}\n" if names else ""), encoding="utf-8")
        path = f"devices/{name}"
        cls.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-out", path + ".key")
        cls.openssl("req", "-config", "authority/names.cnf", "-new", "-key", path + ".key",
                    "-subj", subject, "-out", path + ".csr")
        cls.openssl("ca", "-config", "authority/names.cnf", "-batch", "-notext",
                    "-extensions", "device", "-in", path + ".csr", "-out", path + ".pem",
                    *(("-enddate", end) if end else ("-days", "7")))

    def spki(self, name):
        public = self.openssl("pkey", "-in", f"devices/{name}.key", "-pubout", "-outform", "DER")
        return hashlib.sha256(public).hexdigest()

    def test_each_certificate_is_its_device_or_nobody(self):
        for name, (_, _, _, expected) in CERTIFICATES.items():
            with self.subTest(name):
                if expected.startswith("by-"):
                    with self.gateway.connect(name) as caller:
                        denial = caller.ask(request("DELETE", "/")).problem()["denial_id"]
                    self.assertEqual(self.gateway.audited(denial_id=denial)["device"], expected)
                    continue
                self.assertEqual(self.gateway.refusal(name), "access denied")
                spki = self.spki(name)
                record = wait_until(lambda: self.gateway.audit(event="handshake", spki=spki),
                                    "the record of the handshake")[-1]
                self.assertEqual((record["decision"], record["reason"]), ("deny", expected))
        self.assertTrue(self.nothing_arrived())


def names_section(names):
    """"URI:a,DNS:b" as lines of a section, followed by sections that belong to it."""
    first, *sections = names.split("\n")
    lines = [f"{kind}.{number} = {value}" for number, (kind, _, value) in
             enumerate(part.partition(":") for part in first.split(","))]
    return "\n".join(lines + sections)


if __name__ == "__main__":
    main()
