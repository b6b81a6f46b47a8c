// What each RTSP session was really given: the oracle compares it with what a recorder kept.

/** Numbers `from` to `to`, both included. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** One PLAY-to-end stretch of one RTSP session; frame and packet numbers count from the device's boot. */
export interface SentStream {
  readonly session: string;
  readonly stream: string;
  readonly transport: 'tcp' | 'udp';
  readonly boot: number;
  /** Microseconds since 1970 by the host's clock. */
  readonly startedAtUs: number;
  readonly endedAtUs: number | undefined;
  readonly endReason: string | undefined;
  /** Absolute frame numbers handed to the socket. */
  readonly frames: readonly NumberRange[];
  readonly audioPackets: readonly NumberRange[];
}

/** Older streams are forgotten. */
const MAX_STREAMS = 1_000;

/** The entry of one running stream. */
export class SentEntry {
  readonly frames: { from: number; to: number }[] = [];
  readonly audioPackets: { from: number; to: number }[] = [];
  endedAtUs: number | undefined;
  endReason: string | undefined;
  readonly session: string;
  readonly transport: 'tcp' | 'udp';
  readonly boot: number;
  readonly startedAtUs: number;

  constructor(session: string, transport: 'tcp' | 'udp', boot: number, startedAtUs: number) {
    this.session = session;
    this.transport = transport;
    this.boot = boot;
    this.startedAtUs = startedAtUs;
  }

  frame(number: number): void {
    extend(this.frames, number);
  }

  audioPacket(number: number): void {
    extend(this.audioPackets, number);
  }

  end(reason: string, atUs: number): void {
    this.endedAtUs ??= atUs;
    this.endReason ??= reason;
  }
}

export class SentLedger {
  readonly #entries: SentEntry[] = [];

  open(session: string, transport: 'tcp' | 'udp', boot: number, startedAtUs: number): SentEntry {
    const entry = new SentEntry(session, transport, boot, startedAtUs);
    this.#entries.push(entry);
    if (this.#entries.length > MAX_STREAMS) this.#entries.shift();
    return entry;
  }

  /** All streams, oldest first, as plain data. */
  list(): SentStream[] {
    return this.#entries.map((entry) => ({
      session: entry.session,
      stream: 'main',
      transport: entry.transport,
      boot: entry.boot,
      startedAtUs: entry.startedAtUs,
      endedAtUs: entry.endedAtUs,
      endReason: entry.endReason,
      frames: entry.frames.map((range) => ({ ...range })),
      audioPackets: entry.audioPackets.map((range) => ({ ...range })),
    }));
  }
}

/** Adds a number to ranges in ascending order. B-frames come a little out of order, so the place is sought from the end. */
function extend(ranges: { from: number; to: number }[], number: number): void {
  const at = ranges.findLastIndex((range) => range.from <= number) + 1;
  const [before, after] = [ranges[at - 1], ranges[at]];
  if (before?.to === number - 1) {
    before.to = number;
    if (after?.from !== number + 1) return;
    before.to = after.to;
    ranges.splice(at, 1);
  } else if (after?.from === number + 1) after.from = number;
  else ranges.splice(at, 0, { from: number, to: number });
}
