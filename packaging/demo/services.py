"""The two services of the demonstration, real ones from Debian, run in private folders: nginx as
the historian, lighttpd as the store of recipes and labels."""
import json
import pathlib

from processes import Process

# It answers everything it is asked, DELETE included: what protects it is the gateway. Its log says
# who it was told was calling.
_HISTORIAN = """\
daemon off;
master_process off;
pid "{folder}/nginx.pid";
error_log stderr warn;
events {{ worker_connections 64; }}
http {{
  log_format seen escape=json '{{"method":"$request_method","path":"$request_uri",'
                              '"device":"$http_interlock_device","status":$status}}';
  access_log "{folder}/access.log" seen;
  client_body_temp_path "{folder}/body";
  proxy_temp_path "{folder}/proxy";
  fastcgi_temp_path "{folder}/fastcgi";
  uwsgi_temp_path "{folder}/uwsgi";
  scgi_temp_path "{folder}/scgi";
  default_type application/json;
  server {{
    listen 127.0.0.1:{port};
    location ~ ^/v1/devices/[A-Za-z0-9._-]+/(readings|scans)$ {{
      if ($request_method = POST) {{ return 201 '{{"stored":true}}\\n'; }}
      if ($request_method = GET) {{ return 200 '[{{"celsius":21.5}},{{"celsius":21.7}}]\\n'; }}
      if ($request_method = DELETE) {{ return 200 '{{"deleted":true}}\\n'; }}
      return 405;
    }}
    location / {{ return 404; }}
  }}
}}
"""

_RECIPES = """\
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{folder}/www"
server.upload-dirs = ("{folder}")
mimetype.assign = (".json" => "application/json", ".txt" => "text/plain")
"""


def _file(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def historian(folder, port):
    """Starts nginx; POST, GET and DELETE of /v1/devices/ID/{readings,scans} work."""
    folder = pathlib.Path(folder)
    config = _file(folder / "nginx.conf", _HISTORIAN.format(folder=folder, port=port))
    return Process("historian (nginx)",
                   ["/usr/sbin/nginx", "-p", str(folder), "-c", config, "-e", "stderr"],
                   folder / "nginx.log")


def historian_saw(folder):
    """What reached the historian, in order: (method, path, device it was told)."""
    lines = (pathlib.Path(folder) / "access.log").read_text(encoding="utf-8").splitlines()
    seen = [json.loads(line) for line in lines]
    return [(one["method"], one["path"], one["device"]) for one in seen]


def recipes(folder, port):
    """Starts lighttpd, which serves /recipes/line-3.json and /labels/4711.txt."""
    folder = pathlib.Path(folder)
    _file(folder / "www/recipes/line-3.json", '{"line": 3, "bake_celsius": 180}\n')
    _file(folder / "www/labels/4711.txt", "4711 press-hall, pallet 12\n")
    config = _file(folder / "lighttpd.conf", _RECIPES.format(folder=folder, port=port))
    return Process("recipes (lighttpd)", ["/usr/sbin/lighttpd", "-D", "-f", config],
                   folder / "lighttpd.log")
