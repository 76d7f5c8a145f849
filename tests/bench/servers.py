"""The servers that are measured beside each other, configured to do the same work: TLS 1.3 with
client certificates required (a root, an intermediate, P-256, X25519, AES-128-GCM), every request
allowed by device and path or refused, a JSON line for each, keep-alive to a plaintext service, one
worker on one core.
"""
import pathlib
import shutil

import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "packaging/demo"))
from processes import Process, free_port, program  # noqa: E402,F401

# The paths of the load: what one function permits.
PERMITS = (("recipes", "GET", "/v1/recipes/*"), ("bulk", "GET", "/v1/bulk/*"),
           ("readings", "POST", "/v1/readings"), ("upload", "POST", "/v1/upload"),
           ("labels", "GET", "/v1/labels/*"), ("status", "GET", "/v1/status"),
           ("alarms", "POST", "/v1/alarms"), ("scans", "POST", "/v1/scans"))

SERVER_CPU, LOAD_CPU = 0, 1


def device(number):
    return f"device-{number:06d}"


class Server:
    """A configuration in a folder of its own; start() makes a process of it."""
    name = "server"

    def __init__(self, folder, plant, service_port, num_devices):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.plant = pathlib.Path(plant)
        self.service_port = service_port
        self.num_devices = num_devices
        self.port = free_port()
        self.configure()

    def start(self, wrapper=()):
        """A running Process. `wrapper` is put before the command (strace, valgrind)."""
        process = Process(self.name, ["taskset", "-c", str(SERVER_CPU), *wrapper,
                                      *self.command()], self.folder / "log")
        process.wait_for_port(self.port)
        return process

    def configure(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError


class Interlock(Server):
    name = "interlock"
    programs = None  # The build folder.

    def configure(self):
        permits = "\n".join(
            f'  permit {{ name: "{name}" service: "line" http {{ method: "{method}" '
            f'path: "{path}" max_body: "64MiB" }} }}' for name, method, path in PERMITS)
        (self.folder / "interlock.textproto").write_text(f"""gateway_id: "bench"
certificate {{ chain_file: "{self.plant}/gateway.pem" key_file: "{self.plant}/gateway.key" }}
trust {{ name: "plant" ca_file: "{self.plant}/ca.pem" revocation: NONE }}
listener {{ name: "main" address: "127.0.0.1:{self.port}" protocol: HTTP trust: "plant" }}
service {{ name: "line" endpoint: "127.0.0.1:{self.service_port}" }}
function {{
  name: "press"
{permits}
}}
audit {{ file: "audit.jsonl" }}
limits {{ connections: 20000 connections_per_address: 20000 connections_per_device: 20000
         handshakes: 8000 handshakes_per_address: 8000 }}
inventory_file: "devices.csv"
""", encoding="utf-8")
        self.write_inventory(self.num_devices)

    def write_inventory(self, num):
        with open(self.folder / "devices.csv", "w", encoding="utf-8") as out:
            out.write("device_id,function,identity_type,identity,trust\n")
            for i in range(num):
                out.write(f"{device(i)},press,uri,urn:bench:{device(i)},plant\n")

    def command(self):
        return [program(self.programs, "interlockd"), "--config",
                str(self.folder / "interlock.textproto")]


def pattern(path):
    return "^" + path.replace("*", "[^/]+") + "$"


class Nginx(Server):
    name = "nginx"
    tickets = 2
    processes = "daemon off;"

    def configure(self):
        allow = "\n".join(f'    "~^{method} {path.replace("*", "[^/]+")}$" 1;'
                          for _, method, path in PERMITS)
        devices = "\n".join(f'    "CN={device(i)}" press;' for i in range(self.num_devices))
        (self.folder / "nginx.conf").write_text(f"""{self.processes}
worker_processes 1;
pid {self.folder}/pid;
error_log {self.folder}/error.log;
worker_rlimit_nofile 20000;
events {{ worker_connections 19000; }}
http {{
  client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
  fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  map_hash_max_size 65536; map_hash_bucket_size 128; variables_hash_max_size 4096;
  map $ssl_client_s_dn $function {{
    default "";
{devices}
  }}
  map "$request_method $uri" $permitted {{
    default "";
{allow}
  }}
  map "$function$permitted" $denied {{ default 1; "press1" ""; }}
  log_format audit escape=json '{{"time":"$time_iso8601","peer":"$remote_addr:$remote_port",'
    '"device":"$ssl_client_s_dn","serial":"$ssl_client_serial","function":"$function",'
    '"method":"$request_method","path":"$uri","status":"$status"}}';
  access_log {self.folder}/access.log audit buffer=64k flush=1s;
  upstream line {{ server 127.0.0.1:{self.service_port}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{self.port} ssl backlog=4096;
    ssl_certificate {self.plant}/gateway.pem; ssl_certificate_key {self.plant}/gateway.key;
    ssl_client_certificate {self.plant}/ca.pem; ssl_verify_client on; ssl_verify_depth 3;
    ssl_protocols TLSv1.3; ssl_ecdh_curve X25519;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    ssl_conf_command NumTickets {self.tickets};
    ssl_session_tickets on; ssl_session_timeout 12h;
    keepalive_requests 1000000000; keepalive_timeout 75s; client_max_body_size 64m;
    client_body_buffer_size 16k; proxy_request_buffering off; proxy_max_temp_file_size 0;
    if ($denied) {{ return 403; }}
    location / {{
      proxy_pass http://line; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Device $ssl_client_s_dn;
    }}
  }}
}}
""", encoding="utf-8")

    def command(self):
        return [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-p", str(self.folder),
                "-c", str(self.folder / "nginx.conf")]


class NginxOneTicket(Nginx):
    name = "nginx-1t"
    tickets = 1


class Haproxy(Server):
    name = "haproxy"

    def configure(self):
        (self.folder / "both.pem").write_text(
            (self.plant / "gateway.pem").read_text() + (self.plant / "gateway.key").read_text())
        (self.folder / "devices.map").write_text(
            "".join(f"{device(i)} press\n" for i in range(self.num_devices)))
        (self.folder / "allow.lst").write_text(
            "".join(f"^press:{method}:{path.replace('*', '[^/]+')}$\n"
                    for _, method, path in PERMITS))
        (self.folder / "haproxy.cfg").write_text(f"""global
  nbthread 1
  maxconn 9970
  log stdout format raw local0
  ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256
  ssl-default-bind-curves X25519
  tune.ssl.lifetime 43200
defaults
  mode http
  timeout client 75s
  timeout server 30s
  timeout connect 5s
  timeout http-keep-alive 75s
  http-reuse always
frontend main
  bind 127.0.0.1:{self.port} backlog 4096 ssl crt {self.folder}/both.pem ca-file {self.plant}/ca.pem verify required ssl-min-ver TLSv1.3
  log global
  http-request set-var(txn.dev) ssl_c_s_dn(CN)
  http-request set-var(txn.fn) var(txn.dev),map({self.folder}/devices.map,none)
  http-request set-var(txn.path) path
  http-request set-var(txn.key) method
  http-request set-var(txn.ask) var(txn.fn),concat(:,txn.key,),concat(:,txn.path,)
  http-request deny deny_status 403 unless {{ var(txn.ask) -m reg -f {self.folder}/allow.lst }}
  http-request set-header X-Device %[var(txn.dev)]
  log-format '{{"time":"%T","peer":"%ci:%cp","device":"%[var(txn.dev)]","serial":"%[ssl_c_serial,hex]","function":"%[var(txn.fn)]","method":"%HM","path":"%HPO","status":%ST}}'
  default_backend line
backend line
  server line 127.0.0.1:{self.service_port}
""", encoding="utf-8")

    def command(self):
        return [shutil.which("haproxy", path="/usr/sbin:/usr/bin"), "-db", "-f",
                str(self.folder / "haproxy.cfg")]
