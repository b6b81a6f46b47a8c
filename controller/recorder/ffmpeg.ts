/**
 * One ffmpeg for one run: arguments as an array, the address and its login by a pipe so that neither shows in the process
 * list, fragmented MP4 on another pipe, and a stop that always ends. Supervision is not here; this is one attempt.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Source } from '../core/recording.ts';

/** Half of what the design allows: the first picture is on its way to the disk sooner after a cold start. */
const FRAGMENT_US = 250_000;
/** The muxer waits no longer than this for a track that fell silent (a dead microphone must not hold the picture back). */
const INTERLEAVE_WAIT_US = 500_000;
/** Second line behind our own stall watch; ffmpeg gives up after about twice this. */
const SOCKET_TIMEOUT_US = 3_000_000;
/** Speech stays clear at this; AAC cannot carry more at 8 kHz, where most cameras' G.711 is. */
const AUDIO_BITRATE = '40k';
/**
 * ffmpeg's own choice, the two-loop search, takes a third of all the time that a stream costs. At this bit rate the fast one sounds the
 * same: 22.1 instead of 22.6 dB from what was encoded.
 */
const AUDIO_CODER = 'fast';
/**
 * ffmpeg learns the picture's size from the first keyframe and asks for no more: neither a second of analysis nor of frame-rate
 * measuring. `nobuffer` must stay away from here: it throws away what was read while probing, the first keyframe among it.
 */
const PROBING = { analyzeduration: '0', fpsprobesize: '0' };
/** Stop ladder: asked, asked again (which also breaks a blocked read), killed. */
const FIRST_WAIT_MS = 500;
/** Whoever stands in a blocked read does not notice the first. Signals that follow each other directly become one. */
const HUNG_WAIT_MS = 50;
const SECOND_WAIT_MS = 500;
const STDERR_KEPT_BYTES = 4_096;

/** A step back by more than this, or one that leaves the machine's clock behind by more than {@link AHEAD_S}, is a jump and no time. */
const BACK_S = 1;
const AHEAD_S = 2;

/**
 * Timestamps that jump (a camera's clock that is set, a sender report that takes it back, an encoder that begins again at 0) must not
 * reach the muxer: it would squeeze what follows into nothing, or end. So everything keeps the distance to what came before it, as the
 * camera says it, except across a jump, where the distance before the jump is taken. A camera that never jumps is not changed by a tick.
 * A burst after a silence is behind the machine's clock, so a silence in the middle of it stays as long as it was.
 *
 * An expression of ffmpeg's for a time that is called `ts`. Registers: 0 the time given, 1 how far the times given have been ahead of
 * the machine's clock at most, 2 the last good distance, 3 how many there were: the first one's time is often only guessed by ffmpeg.
 */
function overJumps(ts: 'DTS' | 'PTS'): string {
  const clock = 'time(0)/TB';
  const isJump = `lt(${ts},PREV_IN${ts}-${BACK_S}/TB)+gt(ld(0)-${clock},ld(1)+${AHEAD_S}/TB)`;
  const bridge = `st(0,PREV_OUT${ts}+ld(2));st(1,ld(0)-${clock})`;
  const follow = `st(2,${ts}-PREV_IN${ts});st(1,max(ld(1),ld(0)-${clock}))`;
  const next = `st(0,PREV_OUT${ts}+${ts}-PREV_IN${ts});if(${isJump},${bridge},${follow});ld(0)`;
  return `if(lt(ld(3),2),st(3,ld(3)+1);st(1,${ts}-${clock});${ts},${next})`;
}

/** The same for packets that are copied. The one at a jump may come with its old time of decoding and its new time of showing. */
function packetsOverJumps(): string {
  const time = overJumps('DTS');
  return `setts=dts='${time}':pts='if(lt(abs(PTS-DTS),${BACK_S}/TB),PTS-DTS)+${time}'`;
}

/** What is made of the sound. `copy`: it is AAC. `encode`: it becomes AAC. `none`: the source has none, or it was unusable. */
export type AudioPlan = 'copy' | 'encode' | 'none';

export interface FfmpegPlan {
  readonly source: Source;
  readonly transport: 'tcp' | 'udp';
  readonly video: boolean;
  /** H.265 needs the tag that players expect. */
  readonly hevc: boolean;
  readonly audio: AudioPlan;
}

/** How it ended: exit code or signal, and the last lines that it said, without logins. */
export interface FfmpegEnd {
  readonly exit: string;
  readonly said: string;
}

/** The arguments; the address is not among them. */
export function ffmpegArguments(plan: FfmpegPlan): string[] {
  return [
    '-hide_banner',
    '-nostats',
    ...['-loglevel', 'level+warning'],
    // The pipe holds a one-line playlist with the address: arguments can be read by every user of the machine.
    ...['-f', 'concat', '-safe', '0', '-protocol_whitelist', 'pipe,rtsp,rtp,udp,tcp'],
    ...Object.entries(PROBING).flatMap(([name, value]) => [`-${name}`, value]),
    ...['-i', 'pipe:0'],
    ...(plan.video ? ['-map', '0:v:0', '-c:v', 'copy', ...(plan.hevc ? ['-tag:v', 'hvc1'] : [])] : ['-vn']),
    ...(plan.audio === 'none'
      ? ['-an']
      : [
          '-map',
          '0:a:0',
          '-c:a',
          ...(plan.audio === 'copy' ? ['copy'] : ['aac', '-b:a', AUDIO_BITRATE, '-aac_coder', AUDIO_CODER]),
        ]),
    ...(plan.video ? ['-bsf:v', packetsOverJumps()] : []),
    ...(plan.audio === 'copy' ? ['-bsf:a', packetsOverJumps()] : []),
    ...(plan.audio === 'encode' ? ['-af', `asetpts='${overJumps('PTS')}'`] : []),
    ...['-max_interleave_delta', String(INTERLEAVE_WAIT_US)],
    ...['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof+skip_trailer'],
    ...['-frag_duration', String(FRAGMENT_US), '-flush_packets', '1'],
    'pipe:1',
  ];
}

/** The playlist for ffmpeg's first pipe. Percent-encodes user and password (quirk Q07). */
export function playlist(plan: FfmpegPlan): string {
  const url = new URL(plan.source.url);
  const login =
    plan.source.user === undefined
      ? ''
      : `${encodeURIComponent(plan.source.user)}:${encodeURIComponent(plan.source.password ?? '')}@`;
  const address = `${url.protocol}//${login}${url.host}${url.pathname}${url.search}`.replaceAll("'", '%27');
  return [
    'ffconcat version 1.0',
    `file '${address}'`,
    `option rtsp_transport ${plan.transport}`,
    `option timeout ${SOCKET_TIMEOUT_US}`,
    ...Object.entries(PROBING).map(([name, value]) => `option ${name} ${value}`),
    '',
  ].join('\n');
}

/** Takes every form of a login out of what ffmpeg says. */
export function withoutLogin(text: string, source: Source): string {
  let clean = text.replace(/(\w+:\/\/)[^/@\s']*@/g, '$1');
  for (const secret of [
    source.password,
    source.password === undefined ? undefined : encodeURIComponent(source.password),
  ]) {
    if (secret !== undefined && secret !== '') clean = clean.replaceAll(secret, '•••');
  }
  return clean;
}

/** How many packets a line of ffmpeg's says were missed. A source that begins another sequence costs the first packet of it. */
export function packetsLost(line: string): number {
  const missed = /RTP: missed (\d+) packets/.exec(line)?.[1];
  if (missed !== undefined) return Number(missed);
  return /RTP: .*bad cseq|RTP: dropping old packet/.test(line) ? 1 : 0;
}

export class Ffmpeg {
  readonly #child: ChildProcess;
  /** Settles when the process has ended and its pipe is drained; never rejects. `exit` is `not started: ENOENT` when there is no ffmpeg. */
  readonly ended: Promise<FfmpegEnd>;

  /** `onLost` hears how many packets ffmpeg says it missed: what was in them is damaged. */
  constructor(
    program: string,
    plan: FfmpegPlan,
    onBytes: (chunk: Buffer) => void,
    onLost: (packets: number) => void = () => undefined,
  ) {
    const child = spawn(program, ffmpegArguments(plan), { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    let said = '';
    let line = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-STDERR_KEPT_BYTES);
      const lines = (line + text).split('\n');
      line = (lines.pop() ?? '').slice(-STDERR_KEPT_BYTES);
      const packets = lines.reduce((sum, one) => sum + packetsLost(one), 0);
      if (packets > 0) onLost(packets);
    });
    child.stdout.on('data', onBytes);
    // A pipe that breaks because ffmpeg ended early is told by its exit.
    child.stdin.on('error', () => undefined).end(playlist(plan));
    this.ended = new Promise((resolve) => {
      const end = (exit: string) => resolve({ exit, said: withoutLogin(said, plan.source).trim() });
      child.once('error', (error: NodeJS.ErrnoException) => {
        if (child.pid === undefined) end(`not started: ${error.code ?? error.message}`);
      });
      child.once('close', (code, signal) => end(signal ?? `exit ${code}`));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Ends it: politely first, so that the camera is told (TEARDOWN) and frees its session; by force when that takes too long. `isHung`:
   * nothing comes from its camera, so it will not look up by itself.
   */
  async stop(isHung = false): Promise<FfmpegEnd> {
    for (const [signal, waitMs] of [
      ['SIGINT', isHung ? HUNG_WAIT_MS : FIRST_WAIT_MS],
      ['SIGINT', SECOND_WAIT_MS],
    ] as const) {
      this.#child.kill(signal);
      const end = await Promise.race([this.ended, pause(waitMs)]);
      if (end !== undefined) return end;
    }
    this.#child.kill('SIGKILL');
    return this.ended;
  }
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}
