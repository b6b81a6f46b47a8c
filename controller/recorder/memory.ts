/** How much memory the media of each stream may take while the disk does not take them. Pure. */

const MIB = 1024 * 1024;
/** At most a minute of a stalled disk at 8 Mbit/s. */
export const RING_BYTES_MAX = 64 * MIB;
/** Below this nothing could be recorded: a few seconds, a large keyframe among them. */
const RING_BYTES_MIN = 4 * MIB;
/** Of the machine's memory: what a stalled disk may fill before the oldest has to go. The rest is for everything else that runs there. */
const SHARE_OF_MACHINE = 1 / 4;

/** Bytes for all streams together on a machine with so many bytes of memory. */
export function memoryFor(machineBytes: number): number {
  return machineBytes * SHARE_OF_MACHINE;
}

/** Bytes for each of so many streams. */
export function ringShare(memoryBytes: number, streams: number): number {
  return Math.max(RING_BYTES_MIN, Math.min(RING_BYTES_MAX, Math.floor(memoryBytes / Math.max(1, streams))));
}
