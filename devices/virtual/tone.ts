// The time-coded sound: every second of the loop has its own tone and begins with a short beep, so that a listener (or a
// Goertzel filter) can tell which second it hears and whether one is missing.

/** Inside 300–3400 Hz, so that G.711 carries it; whole numbers of hertz, so that every second begins at a zero crossing. */
const FIRST_TONE_HZ = 400;
const TONE_STEP_HZ = 40;
export const BEEP_HZ = 3_200;
/** Length of the beep that opens every second. */
export const BEEP_MS = 50;
const AMPLITUDE = 0.25;

/** Tone of second `slot` of the loop, in hertz; up to 64 slots keep below the beep. */
export function toneHz(slot: number): number {
  return FIRST_TONE_HZ + TONE_STEP_HZ * slot;
}

/** One loop of sound as signed 16-bit little-endian mono samples. */
export function paintTones(rateHz: number, loopS: number): Buffer {
  const samples = new Int16Array(rateHz * loopS);
  const beepSamples = Math.round((rateHz * BEEP_MS) / 1000);
  for (let at = 0; at < samples.length; at++) {
    const inSecond = at % rateHz;
    const hz = inSecond < beepSamples ? BEEP_HZ : toneHz(Math.floor(at / rateHz));
    samples[at] = Math.round(Math.sin((2 * Math.PI * hz * inSecond) / rateHz) * AMPLITUDE * 32_767);
  }
  return Buffer.from(samples.buffer);
}
