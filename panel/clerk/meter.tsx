/** A sound meter. One loop moves all of them, by transform alone, so that marks and pictures never wait for a bar. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { GlanceView } from '../../controller/api/contract-display.ts';
import { say } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { barOf, METER_DELAY_MS, MeterTrack } from './meter-track.ts';

/** A bar falls no faster than this part of its length in a second, so that the eye can follow. */
const FALL_PER_S = 1.6;
const SAID_EVERY_MS = 1_000;
const moving = new Set<(monoMs: number) => void>();
let loop = 0;

function onFrame(monoMs: number): void {
  for (const move of moving) move(monoMs);
  loop = moving.size === 0 ? 0 : requestAnimationFrame(onFrame);
}

function follow(move: (monoMs: number) => void): () => void {
  moving.add(move);
  if (loop === 0) loop = requestAnimationFrame(onFrame);
  return () => moving.delete(move);
}

interface Props {
  readonly desk: ClerkDesk;
  readonly name: string;
  readonly glance: GlanceView['streams'][number] | null;
}

export function Meter({ desk, name, glance }: Props) {
  const track = useMemo(() => new MeterTrack(), []);
  const meter = useRef<HTMLDivElement>(null);
  const bar = useRef<HTMLDivElement>(null);
  const sound = glance?.sound ?? null;
  useEffect(() => {
    if (sound !== null) track.take(sound);
  }, [sound, track]);
  useEffect(() => {
    const calm = matchMedia('(prefers-reduced-motion: reduce)');
    let shown = 0;
    let lastMono = performance.now();
    let saidMono = 0;
    return follow((monoMs) => {
      // Calm: once a second, in steps, and nothing in between.
      if (calm.matches && monoMs - lastMono < SAID_EVERY_MS) return;
      const now = desk.link.serverNow.peek();
      const level = now === null || desk.stale.peek() ? null : track.at(now - METER_DELAY_MS);
      const to = level === null ? 0 : barOf(level);
      shown = calm.matches ? to : Math.max(to, shown - (FALL_PER_S * (monoMs - lastMono)) / 1_000);
      lastMono = monoMs;
      if (bar.current !== null) bar.current.style.transform = `scaleX(${(1 - shown).toFixed(3)})`;
      if (meter.current === null || monoMs - saidMono < SAID_EVERY_MS) return;
      saidMono = monoMs;
      meter.current.dataset['known'] = String(level !== null);
      meter.current.setAttribute('aria-valuenow', String(Math.round(to * 100)));
    });
  }, [desk, track]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <meter> is painted anew for each value; a bar of our own moves by transform alone.
    <div
      ref={meter}
      class="meter"
      role="meter"
      aria-label={say('meter.of', { name })}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
      data-known="false"
      data-zero={sound?.isDigitalZero === true}
    >
      <div ref={bar} class="meter-rest" />
      {sound?.isDigitalZero === true && <span class="meter-zero">{say('meter.zero')}</span>}
    </div>
  );
}
