// Everything a camera has beside its stream: ONVIF over HTTP, events, on-screen texts and discovery, put together.

import { hostClock, type VirtualClock } from './clock.ts';
import { DiscoveryResponder } from './discovery.ts';
import { type Account, type LockOut, Login } from './login.ts';
import { DEVICE_PATH, type DeviceParts, endpoint, scopes } from './onvif-device.ts';
import { type DeviceEvent, PullPoints } from './onvif-events.ts';
import { VIDEO_SOURCE, VIDEO_SOURCE_CONFIGURATION } from './onvif-media.ts';
import { OsdStore } from './onvif-osd.ts';
import { OnvifServer, SNAPSHOT_PATH } from './onvif-server.ts';
import type { Playout } from './playout.ts';
import type { ResolvedDevice, VideoSpec } from './spec.ts';
import { UsernameTokens } from './username-token.ts';

export interface OnvifSideParts {
  readonly spec: ResolvedDevice;
  readonly playout: Playout;
  /** The picture as it is set now. */
  readonly video: () => VideoSpec;
  readonly clock: VirtualClock;
  readonly account: Account;
  readonly lockOut: LockOut;
  readonly discoveryInterface: string | undefined;
  /** What the camera believes its stream's address to be. */
  readonly streamUri: () => string;
  /** Base such as `http://127.0.0.1:8000` of what it believes its own address to be. */
  readonly httpBase: () => string;
  readonly reboot: () => void;
}

export class OnvifSide {
  readonly osd: OsdStore;
  readonly tokens: UsernameTokens;
  readonly events: PullPoints;
  readonly #login: Login;
  readonly #server: OnvifServer;
  readonly #discovery: DiscoveryResponder | undefined;

  constructor(parts: OnvifSideParts) {
    const { spec, playout, clock, account, lockOut } = parts;
    const httpUri = (path: string) => `${parts.httpBase()}${path}`;
    const limits = { max: spec.osdMax, textLength: spec.osdTextLimit };
    this.osd = new OsdStore(limits, VIDEO_SOURCE_CONFIGURATION, spec.name);
    this.tokens = new UsernameTokens(spec.createdWindowMs, clock, account, lockOut);
    this.events = new PullPoints(clock, () => hostClock.monoMs());
    this.#login = new Login(
      ['digest-md5'],
      { realm: spec.realm, nonceLifeS: spec.nonceLifeS, qop: true },
      account,
      lockOut,
    );
    const { id, room, name, serial, host } = spec;
    const device: DeviceParts = { id, room, name, serial, host, account, clock, httpUri, reboot: parts.reboot };
    this.#server = new OnvifServer({
      host,
      device,
      media: {
        media: () => playout,
        video: parts.video,
        osd: this.osd,
        streamUri: parts.streamUri,
        snapshotUri: () => httpUri(`${SNAPSHOT_PATH}?channel=1`),
      },
      events: this.events,
      tokens: this.tokens,
      login: this.#login,
      loginKind: spec.onvifLogin,
      snapshot: () => playout.snapshot(),
    });
    if (parts.discoveryInterface !== undefined && spec.discovery) {
      this.#discovery = new DiscoveryResponder({
        interfaceAddress: parts.discoveryInterface,
        endpoint: endpoint(id),
        scopes: scopes(spec),
        addresses: () => [httpUri(DEVICE_PATH)],
      });
    }
    this.setMotion(false);
  }

  /** Waits until the port is open. @returns the port. */
  listen(port: number): Promise<number> {
    return this.#server.listen(port);
  }

  /** Begins to answer discovery, if that is wanted. Comes after {@link listen}, because Hello names the port. */
  async announce(): Promise<void> {
    await this.#discovery?.listen();
  }

  emit(event: DeviceEvent): void {
    this.events.emit(event);
  }

  setMotion(isMoving: boolean): void {
    this.emit({ topic: 'VideoSource/MotionAlarm', source: ['Source', VIDEO_SOURCE], data: ['State', `${isMoving}`] });
  }

  setAway(isAway: boolean): void {
    this.#server.setAway(isAway);
    this.#discovery?.setAway(isAway);
  }

  /** Ends everything, held event requests and known nonces included. */
  async close(withBye: boolean): Promise<void> {
    this.events.forget();
    this.#login.forget();
    await this.#discovery?.close(withBye);
    await this.#server.close();
  }
}
