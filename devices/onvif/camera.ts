/**
 * A camera by ONVIF, behind the Camera port of core. Every call is one attempt with one deadline that ends in an answer or an
 * AppError; nothing is kept between calls, because a camera may have been restarted, moved or set right in between.
 */
import { AppError } from '../../controller/core/errors.ts';
import type { Camera, CameraIdentity, CameraProfile } from '../../controller/core/ports.ts';
import type { Source } from '../../controller/core/recording.ts';
import { type CameraAddress, parseAddress, streamUrl } from './address.ts';
import {
  identityOf,
  type MediaPaths,
  mediaPathsOfCapabilities,
  mediaPathsOfServices,
  profilesOf,
  streamUriOf,
} from './answer.ts';
import { Attempt, type CameraLogin } from './attempt.ts';

export const CAMERA_DEADLINE_MS = 5_000;
/** What the recorder can take as it is. */
const RECORDABLE = new Set(['H264', 'H265']);
/** Refusals of the login are final: another try only brings a lock-out nearer (Q08). */
const ABOUT_LOGIN: ReadonlySet<string> = new Set(['camera-refused-login', 'camera-locked-out', 'camera-clock-wrong']);

export interface OnvifCameraOptions {
  /** `host` or `host:port`. */
  readonly address: string;
  readonly login: CameraLogin | null;
  /** How long one call of the port may take; {@link CAMERA_DEADLINE_MS} by default. */
  readonly deadlineMs?: number;
}

/**
 * A camera at an address. Answers nothing until asked; the calls reject with `camera-unreachable`, `camera-refused-login`,
 * `camera-locked-out`, `camera-clock-wrong`, `camera-busy` or `camera-no-stream`. Throws `bad-config` for a malformed address.
 */
export function onvifCamera(options: OnvifCameraOptions): Camera {
  const address = parseAddress(options.address);
  const { login, deadlineMs = CAMERA_DEADLINE_MS } = options;
  const attempt = <T>(act: (attempt: Attempt) => Promise<T>): Promise<T> =>
    withDeadline(address, login, deadlineMs, act);
  return {
    identify: () => attempt(identify),
    profiles: () => attempt(async (one) => (await mediaOf(one)).profiles),
    source: (profileToken) => attempt((one) => sourceOf(one, address, login, profileToken)),
  };
}

async function withDeadline<T>(
  address: CameraAddress,
  login: CameraLogin | null,
  deadlineMs: number,
  act: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const attempt = new Attempt(address, login, deadlineMs);
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new AppError('camera-unreachable', `${address.host} does not answer within ${deadlineMs} ms`);
      reject(error);
      attempt.end(error);
    }, deadlineMs);
  });
  try {
    return await Promise.race([readClockThen(attempt, act), tooLate]);
  } finally {
    clearTimeout(timer);
    attempt.end(new AppError('internal', 'the attempt is over'));
  }
}

async function readClockThen<T>(attempt: Attempt, act: (attempt: Attempt) => Promise<T>): Promise<T> {
  await attempt.readClock();
  return act(attempt);
}

/** GetDeviceInformation is protected, so its answer also proves the login; reading time or services proves nothing. */
async function identify(attempt: Attempt): Promise<CameraIdentity> {
  const identity = identityOf(await attempt.deviceInformation());
  return { ...identity, clockOffsetMs: attempt.clockOffsetMs };
}

interface Media {
  readonly paths: MediaPaths;
  readonly version: 1 | 2;
  readonly profiles: readonly CameraProfile[];
}

/** Media2 first, because Media1 hides H.265 (Q14); Media1 where Media2 is missing or announced but broken (Q15). */
async function mediaOf(attempt: Attempt): Promise<Media> {
  const paths = await pathsOf(attempt);
  if (paths.media2 !== null) {
    try {
      const profiles = profilesOf(await attempt.profiles(paths, 2));
      if (profiles.length > 0 || paths.media1 === null) return { paths, version: 2, profiles };
    } catch (error) {
      if (paths.media1 === null || isAboutLogin(error)) throw error;
    }
  }
  return { paths, version: 1, profiles: profilesOf(await attempt.profiles(paths, 1)) };
}

async function pathsOf(attempt: Attempt): Promise<MediaPaths> {
  try {
    const paths = mediaPathsOfServices(await attempt.services());
    if (paths.media1 !== null || paths.media2 !== null) return paths;
  } catch (error) {
    // Cameras from before 2012 do not know GetServices.
    if (isAboutLogin(error)) throw error;
  }
  const paths = mediaPathsOfCapabilities(await attempt.capabilities());
  if (paths.media1 === null) throw new AppError('camera-no-stream', 'the camera has no media service');
  return paths;
}

function isAboutLogin(error: unknown): boolean {
  return error instanceof AppError && ABOUT_LOGIN.has(error.code);
}

async function sourceOf(
  attempt: Attempt,
  address: CameraAddress,
  login: CameraLogin | null,
  wanted: string | undefined,
): Promise<Source> {
  const { paths, version, profiles } = await mediaOf(attempt);
  const profile = wanted === undefined ? mainProfile(profiles) : profiles.find(({ token }) => token === wanted);
  if (profile === undefined) {
    const tokens = profiles.map(({ token }) => token).join(', ') || 'none';
    const what = wanted === undefined ? 'no profile that can be recorded' : `no profile ${wanted}`;
    throw new AppError('camera-no-stream', `${address.host} has ${what}; it has: ${tokens}`);
  }
  const named = streamUriOf(await attempt.streamUri(paths, version, profile.token));
  const url = streamUrl(named, address);
  const account = login === null ? {} : { user: login.user, password: login.password };
  return { url, ...account, transport: 'auto', audio: 'auto' };
}

/**
 * The profile to record when nobody chose: the largest picture in H.264 or H.265, the first among equals, wherever it stands in
 * the list (Q14); then one that does not say what it carries; then sound alone.
 */
export function mainProfile(profiles: readonly CameraProfile[]): CameraProfile | undefined {
  const pixels = ({ width, height }: CameraProfile): number => (width ?? 0) * (height ?? 0);
  const recordable = profiles.filter(({ codec }) => codec !== null && RECORDABLE.has(codec));
  const [first, ...rest] = recordable;
  if (first !== undefined) return rest.reduce((best, one) => (pixels(one) > pixels(best) ? one : best), first);
  const silent = profiles.filter(({ codec }) => codec === null);
  return silent.find(({ audioCodec }) => audioCodec === null) ?? silent[0];
}
