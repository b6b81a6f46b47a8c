/**
 * Something that is asked for again every few seconds while it is looked at, and with each piece of news where there are any. Lengths
 * in it are counted from its arrival.
 */
import type { ReadonlySignal } from '@preact/signals';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { monoIn } from '../login/lock.ts';
import type { Answer } from '../wire/rest.ts';
import { say, sayTrouble } from '../words/language.ts';

const LOOK_AGAIN_MS = 5_000;

/** Whom is asked. */
export interface Answerer {
  /** What is said while nobody answers. */
  readonly unreachable: 'load.unreachable' | 'centre.unreachable';
  /** Grows with each piece of news. */
  readonly news?: ReadonlySignal<number>;
}
const SITE: Answerer = { unreachable: 'load.unreachable' };

export interface Looking<T> {
  /** The newest answer; null before the first one. */
  readonly value: T | null;
  /** Monotonic moment at which it came. */
  readonly arrivedMono: number;
  /** What went wrong at the last look or act, or nothing. */
  readonly note: string;
  /** True when nothing is to be found, so that asking again is of no use. */
  readonly isNowhere: boolean;
  /** Does something and looks again; answers what it answered, or null when it was refused. */
  readonly act: <R>(doing: () => Promise<Answer<R>>) => Promise<R | null>;
}

/** `ask` has to be the same function for as long as the same is asked for. */
export function useLooking<T>(ask: () => Promise<Answer<T>>, answerer = SITE): Looking<T> {
  const [got, setGot] = useState<{ readonly by: unknown; readonly value: T; readonly arrivedMono: number } | null>(
    null,
  );
  const [looked, setLooked] = useState<Answer<T> | null>(null);
  const [refused, setRefused] = useState('');
  const heard = answerer.news?.value;
  const look = useCallback(async () => {
    const answer = await ask();
    setLooked(answer);
    if (answer.outcome === 'ok') setGot({ by: ask, value: answer.value, arrivedMono: monoIn(0) });
  }, [ask]);
  useEffect(() => {
    void look();
  }, [look, heard]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void look();
    }, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [look]);
  const noteOf = (answer: Answer<unknown>): string => {
    if (answer.outcome === 'ok') return '';
    if (answer.outcome === 'unreachable') return say(answerer.unreachable);
    const { what, todo } = sayTrouble(answer.refusal);
    return `${what} ${todo}`;
  };
  const act = async <R>(doing: () => Promise<Answer<R>>): Promise<R | null> => {
    const answer = await doing();
    setRefused(noteOf(answer));
    await look();
    return answer.outcome === 'ok' ? answer.value : null;
  };
  return {
    value: got?.by === ask ? got.value : null,
    arrivedMono: got?.arrivedMono ?? 0,
    note: refused || (looked === null ? '' : noteOf(looked)),
    isNowhere: looked?.outcome === 'refused' && looked.refusal.kind === 'not-found',
    act,
  };
}
