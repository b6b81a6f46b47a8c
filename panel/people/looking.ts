/** A list that is asked for again every few seconds while it is looked at, with the lengths in it counted from its arrival. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { monoIn } from '../login/lock.ts';
import type { Answer } from '../wire/rest.ts';
import { say, sayTrouble } from '../words/language.ts';

const LOOK_AGAIN_MS = 5_000;

export interface Looking<T> {
  readonly value: T | null;
  /** Monotonic moment at which it came. */
  readonly arrivedMono: number;
  /** What went wrong at the last look or act, or nothing. */
  readonly note: string;
  /** Does something and looks again; answers what it answered, or null when it was refused. */
  readonly act: <R>(doing: () => Promise<Answer<R>>) => Promise<R | null>;
}

export function useLooking<T>(ask: () => Promise<Answer<T>>): Looking<T> {
  const [got, setGot] = useState<{ value: T; arrivedMono: number } | null>(null);
  const [note, setNote] = useState('');
  const [refused, setRefused] = useState('');
  const look = useCallback(async () => {
    const answer = await ask();
    setNote(noteOf(answer));
    if (answer.outcome === 'ok') setGot({ value: answer.value, arrivedMono: monoIn(0) });
  }, [ask]);
  useEffect(() => {
    void look();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void look();
    }, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [look]);
  const act = async <R>(doing: () => Promise<Answer<R>>): Promise<R | null> => {
    const answer = await doing();
    setRefused(noteOf(answer));
    await look();
    return answer.outcome === 'ok' ? answer.value : null;
  };
  return { value: got?.value ?? null, arrivedMono: got?.arrivedMono ?? 0, note: refused || note, act };
}

function noteOf(answer: Answer<unknown>): string {
  if (answer.outcome === 'ok') return '';
  if (answer.outcome === 'unreachable') return say('load.unreachable');
  const { what, todo } = sayTrouble(answer.refusal);
  return `${what} ${todo}`;
}
