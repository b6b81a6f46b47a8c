/**
 * Errors are few kinds and many codes. Each says what happened and what to do; the catalogue below is the one place for codes,
 * and the README's table is kept equal to it by a test.
 */

export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'busy'
  | 'unavailable'
  | 'internal';

/** code → kind and what to do about it. */
export const CATALOGUE = {
  'bad-request': { kind: 'invalid', hint: 'Send the fields as the API document at /api/openapi.json describes them.' },
  'bad-config': {
    kind: 'invalid',
    hint: 'Correct every field listed; controller/config/sample.yaml shows each with a comment.',
  },
  'bad-usage': { kind: 'invalid', hint: 'Run quancheng help to see the commands and their options.' },
  'not-logged-in': { kind: 'unauthenticated', hint: 'Log in with a PIN on the panel.' },
  'wrong-pin': { kind: 'unauthenticated', hint: 'Try again; after five wrong tries the login is locked for a while.' },
  'wrong-secret': { kind: 'unauthenticated', hint: 'Type the secret again; an administrator can give a new one.' },
  'weak-pin': {
    kind: 'invalid',
    hint: 'Choose six to twelve digits that nobody guesses: no row, no repetition, no birthday, not the old one.',
  },
  'panel-not-paired': {
    kind: 'forbidden',
    hint: 'Pair this browser with a code that a technician or administrator makes, or log in with your secret.',
  },
  'wrong-code': {
    kind: 'forbidden',
    hint: 'The code is wrong, too old or was used already: a technician or administrator makes another one.',
  },
  'secret-needed': {
    kind: 'forbidden',
    hint: 'Log in with your secret instead of the PIN to give PINs and secrets.',
  },
  'too-many-tries': { kind: 'busy', hint: 'Wait until the lock ends, then try again, or ask an administrator.' },
  'not-your-room': { kind: 'forbidden', hint: 'Ask an administrator for authority over this room.' },
  'not-your-role': { kind: 'forbidden', hint: 'This is not for your role; ask somebody whose role it is.' },
  'room-busy': { kind: 'busy', hint: 'Too many requests wait in this room; try again in a moment.' },
  'foreign-origin': { kind: 'forbidden', hint: 'Open the panel from its own address.' },
  'room-unknown': { kind: 'not-found', hint: 'Choose a room of the site configuration.' },
  'session-unknown': { kind: 'not-found', hint: 'Choose a session from the list.' },
  'site-unknown': { kind: 'not-found', hint: 'Choose a site from the list; one that never spoke is not known here.' },
  'site-busy': {
    kind: 'busy',
    hint: 'Too many commands of this site are open: wait until some are done, or cancel some.',
  },
  'command-unknown': { kind: 'not-found', hint: 'Choose a command from the list.' },
  'command-over': { kind: 'conflict', hint: 'It is over and stays as it is; give another one.' },
  'name-taken': { kind: 'conflict', hint: 'Choose a name that nobody has.' },
  'last-administrator': { kind: 'conflict', hint: 'Add another administrator first.' },
  'segment-unknown': { kind: 'not-found', hint: 'The index may be behind: run quancheng reindex.' },
  'segment-away': {
    kind: 'unavailable',
    hint: 'It was deleted here after the centre had signed for it, and is fetched from there: ask again in a few seconds.',
  },
  'recall-failed': {
    kind: 'conflict',
    hint: 'Tell the centre, which signed for this segment: it has it no more, or not as it was recorded. Nothing of it is shown.',
  },
  'not-found': { kind: 'not-found', hint: 'Check the address; the API is described at /api/openapi.json.' },
  'session-not-open': { kind: 'conflict', hint: 'Open the session first.' },
  'session-over': {
    kind: 'conflict',
    hint: 'It is closed and stays as it is; plan another session of the same matter.',
  },
  'session-cancelled': { kind: 'conflict', hint: 'It was cancelled; put a new entry into the docket.' },
  'check-running': { kind: 'conflict', hint: 'Wait for the check to end; it takes seconds.' },
  'check-unknown': { kind: 'not-found', hint: 'Check the room again.' },
  'mark-unknown': { kind: 'not-found', hint: 'Choose a mark of this session.' },
  'interruption-unknown': {
    kind: 'not-found',
    hint: 'Wait until the interruption is over, then choose it from the list.',
  },
  'kind-unknown': { kind: 'invalid', hint: 'Choose a kind of session that the rules of this site know.' },
  'hand-over-late': {
    kind: 'unavailable',
    hint: 'Look why the centre does not sign for it: network, centre, its disk; what was recorded waits safely here.',
  },
  'order-expired': {
    kind: 'conflict',
    hint: 'Send the order anew with a later expiry; check the clocks of both ends.',
  },
  'session-already-open': { kind: 'conflict', hint: 'Close the running session of this room first.' },
  'no-mandatory-stream': {
    kind: 'conflict',
    hint: 'Give the room at least one mandatory stream in the site configuration.',
  },
  'recorder-away': {
    kind: 'unavailable',
    hint: 'Start the recorder (systemctl start quancheng-recorder); what it was recording it goes on recording by itself.',
  },
  'recorder-already-runs': {
    kind: 'conflict',
    hint: 'One recorder owns a data folder; stop the other one or give this one its own folder.',
  },
  'controller-already-runs': {
    kind: 'conflict',
    hint: 'One controller owns a data folder; stop the other one or give this one its own folder.',
  },
  'centre-already-runs': {
    kind: 'conflict',
    hint: 'One centre owns a folder; stop the other one or give this one its own folder (centre.folder).',
  },
  'port-taken': {
    kind: 'unavailable',
    hint: 'Stop the other program, or choose another port (listen.port in the configuration, or QUANCHENG_PORT).',
  },
  'data-not-writable': {
    kind: 'unavailable',
    hint: 'Let the service user own the data folder (chown), or name another one (storage.data, or QUANCHENG_DATA).',
  },
  'ffmpeg-missing': { kind: 'unavailable', hint: 'Install it: apt-get install ffmpeg.' },
  'ffmpeg-failed': {
    kind: 'unavailable',
    hint: 'See the recorder log for what ffmpeg said; the stream is tried again by itself.',
  },
  'camera-unreachable': { kind: 'unavailable', hint: 'Check power, cable and address of the camera.' },
  'camera-refused-login': {
    kind: 'unavailable',
    hint: 'Correct user and password in the secrets file and restart the controller.',
  },
  'camera-locked-out': {
    kind: 'unavailable',
    hint: 'The camera locks logins for a while after wrong passwords: correct the password, wait, or restart the camera.',
  },
  'camera-busy': {
    kind: 'unavailable',
    hint: 'The camera serves no more viewers: close other recorders or players, or raise its limit.',
  },
  'camera-no-stream': {
    kind: 'unavailable',
    hint: 'Choose a profile or an address that carries H.264 or H.265 video, or audio.',
  },
  'camera-clock-wrong': { kind: 'unavailable', hint: 'Set the camera clock by NTP from this controller.' },
  'camera-stalled': {
    kind: 'unavailable',
    hint: 'The camera stopped sending; it is tried again by itself. If it comes again, check the network or restart the camera.',
  },
  'transport-refused': {
    kind: 'unavailable',
    hint: 'Set the transport of this device to tcp or udp as the camera offers it.',
  },
  'auth-unsupported': { kind: 'unavailable', hint: 'Set the camera to Digest (MD5) authentication for RTSP.' },
  'audio-missing': {
    kind: 'unavailable',
    hint: 'Switch the microphone of the camera on, or set audio: none for this device.',
  },
  'audio-unusable': {
    kind: 'unavailable',
    hint: 'Set the camera to AAC or G.711 audio; the picture is recorded all the same.',
  },
  'packets-lost': {
    kind: 'unavailable',
    hint: 'The picture may be damaged until its next keyframe; check the network between camera and recorder.',
  },
  'source-ended': { kind: 'unavailable', hint: 'The camera ended the stream; it is tried again by itself.' },
  'stream-changed': { kind: 'unavailable', hint: 'The picture format changed; recording went on in a new part.' },
  'not-armed': {
    kind: 'unavailable',
    hint: 'Wake the panel a little before opening, so that the cameras are ready and the pre-roll is full.',
  },
  'disk-full': {
    kind: 'unavailable',
    hint: 'Free space or add a disk; recording goes on by itself when there is room.',
  },
  'disk-failed': { kind: 'unavailable', hint: 'Check the disk (dmesg, smartctl) and replace it.' },
  'disk-slow': { kind: 'unavailable', hint: 'The disk does not keep up; check it, or record fewer streams on it.' },
  'disk-away': {
    kind: 'unavailable',
    hint: 'Check power, cable and mount of the disk; when it is back, what it lacks is copied to it by itself.',
  },
  'wrong-disk': {
    kind: 'unavailable',
    hint: 'Mount the disk that belongs there; a new one is taken in by quancheng disk accept.',
  },
  'main-disk-away': {
    kind: 'unavailable',
    hint: 'Recording goes on on the second disk: mend the main one, or replace it and run quancheng disk accept.',
  },
  'second-disk-away': {
    kind: 'unavailable',
    hint: 'Recording goes on on the main disk: mend the second one, or replace it and run quancheng disk accept.',
  },
  'memory-full': { kind: 'unavailable', hint: 'The disk was away for longer than memory can bridge; check the disk.' },
  'recorder-stopped': {
    kind: 'unavailable',
    hint: 'The recorder was stopped on purpose; it goes on where it was when it starts.',
  },
  'recorder-killed': { kind: 'unavailable', hint: 'The recorder died and came back by itself; see its log.' },
  'power-lost': { kind: 'unavailable', hint: 'Power or system was lost; recording went on by itself afterwards.' },
  'broker-away': {
    kind: 'unavailable',
    hint: 'Check network and broker; segments wait on disk and are sent when it is back.',
  },
  'centre-away': { kind: 'unavailable', hint: 'Ask the centre; segments wait on disk and are sent when it is back.' },
  'store-away': {
    kind: 'unavailable',
    hint: 'Check network and health of the object store; sites keep everything until it is back.',
  },
  'store-refused': {
    kind: 'unavailable',
    hint: 'Correct endpoint, region, bucket and keys (centre.store), the rights of the key, or the clock of this machine.',
  },
  'receipt-refused': {
    kind: 'conflict',
    hint: 'A receipt did not fit what was sent; nothing is released. Tell the centre.',
  },
  'worker-died': {
    kind: 'unavailable',
    hint: 'It is started again by itself, and sites send again what it was receiving; see the log of the centre for why it ended.',
  },
  'manifests-missing': {
    kind: 'conflict',
    hint: 'Ask the site: run quancheng verify there; what it numbered and does not tell is lost, or somebody took it away.',
  },
  'verify-failed': { kind: 'conflict', hint: 'See the findings: each names the file or journal line that is damaged.' },
  'display-unknown': { kind: 'not-found', hint: 'Choose a display of the site configuration.' },
  'display-taken': {
    kind: 'conflict',
    hint: 'Another browser already is this display; close it, or wait a few seconds until it is gone.',
  },
  'sign-dark': {
    kind: 'unavailable',
    hint: 'Look at the display: power, cable, network; its page reconnects by itself.',
  },
  'notice-unspoken': {
    kind: 'unavailable',
    hint: 'Read the notice aloud yourself and confirm it; have the loudspeaker of the display checked.',
  },
  'speech-missing': {
    kind: 'unavailable',
    hint: 'Install it: apt-get install espeak-ng; or give the site a recording of its own (speech.recordings in the configuration).',
  },
  'indicator-unreachable': {
    kind: 'unavailable',
    hint: 'Check power, cable and address of the lamp; it is tried again by itself.',
  },
  'still-unavailable': {
    kind: 'unavailable',
    hint: 'Nothing can be shown of this stream just now; ask again in a few seconds.',
  },
  internal: { kind: 'internal', hint: 'Send the log to the maker; recording does not depend on this.' },
} as const satisfies { readonly [code: string]: { readonly kind: ErrorKind; readonly hint: string } };

export type ErrorCode = keyof typeof CATALOGUE;

/** A fault of one field of an input. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

/** The one error of the product. `message` is one sentence with the values that matter and never a secret. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly fields: readonly FieldFault[];
  readonly retryAfterMs: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    more: { cause?: unknown; fields?: readonly FieldFault[]; retryAfterMs?: number } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'AppError';
    this.code = code;
    this.fields = more.fields ?? [];
    this.retryAfterMs = more.retryAfterMs ?? null;
  }

  get kind(): ErrorKind {
    return CATALOGUE[this.code].kind;
  }

  get hint(): string {
    return CATALOGUE[this.code].hint;
  }
}

/** True for a code of the catalogue. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(CATALOGUE, code);
}

/** The sentence of any thrown thing. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The errno name (`ENOSPC`, `ECONNREFUSED`…) of a thrown thing, or null. */
export function errnoOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : null;
}
