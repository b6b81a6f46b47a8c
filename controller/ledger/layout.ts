/** Where things lie in the data folder. The one place that knows the names. */
import { join } from 'node:path';

export interface Layout {
  readonly root: string;
  /** `media/<stream>/<run>/<sequence>.mp4` */
  readonly media: string;
  readonly recorderJournal: string;
  readonly siteJournal: string;
  /** What could not be explained, kept for people to look at. */
  readonly quarantine: string;
  /** Folder of what is the recorder's own: wish, socket. */
  readonly recorder: string;
  /** Copies on their way from the other disk; never below `media`, where every file is a segment. */
  readonly copying: string;
  /** Copies of segments that came back from the centre: no evidence, and anybody may delete them. */
  readonly recalled: string;
  /** The recorder's last desired state; holds camera logins, mode 0600. */
  readonly desired: string;
  readonly recorderSocket: string;
  readonly recorderLock: string;
  readonly controllerLock: string;
  readonly index: string;
  readonly keys: string;
}

/** The layout under a data folder. */
export function layoutOf(root: string): Layout {
  return {
    root,
    media: join(root, 'media'),
    recorderJournal: join(root, 'journal', 'recorder'),
    siteJournal: join(root, 'journal', 'site'),
    quarantine: join(root, 'quarantine'),
    recorder: join(root, 'recorder'),
    copying: join(root, 'copying'),
    recalled: join(root, 'recalled'),
    desired: join(root, 'recorder', 'desired.json'),
    recorderSocket: join(root, 'recorder', 'recorder.sock'),
    recorderLock: join(root, 'recorder', 'lock'),
    controllerLock: join(root, 'index', 'lock'),
    index: join(root, 'index', 'quancheng.sqlite'),
    keys: join(root, 'keys'),
  };
}

/** Path of a segment below the media folder, with forward slashes: also its name in manifests and findings. */
export function segmentPath(stream: string, run: string, sequence: number): string {
  return `${stream}/${run}/${String(sequence).padStart(6, '0')}.mp4`;
}

/** The site's signing key. */
export function siteKeyOf(layout: Layout): string {
  return join(layout.keys, 'site.pem');
}
