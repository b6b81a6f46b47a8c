"""An RTSP server that nobody here wrote (gst-rtsp-server): H.264 from a prepared file beside G.711 A-law made on the spot.

Argument: JSON with "file", "protocols" ("tcp" or "udp"), and optionally "user" and "password", which it then asks for by Digest.
Prints the port it listens on, on 127.0.0.1, once it does.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

wish = json.loads(sys.argv[1])
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")

factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    f"( filesrc location={wish['file']} ! qtdemux ! queue ! rtph264pay name=pay0 pt=96 config-interval=-1"
    " audiotestsrc wave=sine freq=440 samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 ! alawenc"
    " ! rtppcmapay name=pay1 pt=8 )"
)
lower = {"tcp": GstRtsp.RTSPLowerTrans.TCP, "udp": GstRtsp.RTSPLowerTrans.UDP}
factory.set_protocols(lower[wish["protocols"]])

if "user" in wish:
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth.add_digest(wish["user"], wish["password"], token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)

server.get_mount_points().add_factory("/live", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
