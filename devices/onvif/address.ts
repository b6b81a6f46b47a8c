/** Where a camera is, as the site configured it, and what that means for the addresses a camera names itself (quirk Q06). */
import { AppError } from '../../controller/core/errors.ts';

const HTTP_PORT = 80;
const RTSP_PORT = 554;

export interface CameraAddress {
  /** Host name or address, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** `host`, `host:port` or `[IPv6]:port`; throws `bad-config` for anything else. */
export function parseAddress(address: string): CameraAddress {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s/?#@:[\]]+))(?::(\d{1,5}))?$/.exec(address);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3] ?? HTTP_PORT);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new AppError('bad-config', `"${address}" is no address of a camera: host or host:port is needed`);
  }
  return { host, port };
}

/**
 * The RTSP address to record from, out of the one a camera named. The rule:
 *
 * - The host is always the configured one. Cameras name addresses of another network card, of before the last move, of inside
 *   a NAT, or 0.0.0.0; the configured one is known to lead to the camera, because the question went there.
 * - The port is the one the camera named, since nothing else is known about it; 554 when it named none or 0.
 * - Path and query stay as they are. A login in the address is dropped: ours travels beside it.
 *
 * A camera behind a NAT that forwards another port needs its `rtsp` address in the configuration instead.
 * Throws `camera-no-stream` when it is no RTSP address.
 */
export function streamUrl(named: string, camera: CameraAddress): string {
  // By hand, because URL refuses port 0 of other schemes' forms and re-encodes paths that cameras compare byte by byte.
  const found = /^rtsp:\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?([/?][^\s#]*)?/i.exec(named.trim());
  if (found === null) {
    const what = /^[a-z][a-z0-9+.-]*:/i.exec(named.trim())?.[0] ?? 'no address';
    throw new AppError('camera-no-stream', `${camera.host} offers its stream not by rtsp: but by ${what}`);
  }
  const port = Number(found[2] ?? 0);
  const host = camera.host.includes(':') ? `[${camera.host}]` : camera.host;
  return `rtsp://${host}:${port >= 1 && port <= 65_535 ? port : RTSP_PORT}${found[3] ?? '/'}`;
}
