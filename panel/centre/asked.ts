/** Something that is asked for again with each piece of news, and every few seconds for as long as it is looked at. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Answer } from '../wire/rest.ts';
import { say, sayTrouble } from '../words/language.ts';
import { news } from './who.ts';

const LOOK_AGAIN_MS = 5_000;

export interface Asked<T> {
  /** The newest answer; null before the first one. */
  readonly value: T | null;
  /** What went wrong at the last look or act, or nothing. */
  readonly note: string;
  /** True when nothing is to be found, so that asking again is of no use. */
  readonly isNowhere: boolean;
  /** Does something and looks again; answers what it answered, or null when it was refused. */
  readonly act: <R>(doing: () => Promise<Answer<R>>) => Promise<R | null>;
}

/** `ask` has to be the same function for as long as the same is asked for. */
export function useAsked<T>(ask: () => Promise<Answer<T>>): Asked<T> {
  const [got, setGot] = useState<{ readonly by: unknown; readonly value: T } | null>(null);
  const [looked, setLooked] = useState<Answer<T> | null>(null);
  const [refused, setRefused] = useState('');
  const heard = news.value;
  const look = useCallback(async () => {
    const answer = await ask();
    setLooked(answer);
    if (answer.outcome === 'ok') setGot({ by: ask, value: answer.value });
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
  const act = async <R>(doing: () => Promise<Answer<R>>): Promise<R | null> => {
    const answer = await doing();
    setRefused(noteOf(answer));
    await look();
    return answer.outcome === 'ok' ? answer.value : null;
  };
  return {
    value: got?.by === ask ? got.value : null,
    note: refused || (looked === null ? '' : noteOf(looked)),
    isNowhere: looked?.outcome === 'refused' && looked.refusal.kind === 'not-found',
    act,
  };
}

function noteOf(answer: Answer<unknown>): string {
  if (answer.outcome === 'ok') return '';
  if (answer.outcome === 'unreachable') return say('centre.unreachable');
  const { what, todo } = sayTrouble(answer.refusal);
  return `${what} ${todo}`;
}
