/** The bottom of the page: on the left the one obvious next step, on the right what ends, or begins, something. */
import { useEffect, useState } from 'preact/hooks';
import { fieldName, kindName } from '../shell/rules.ts';
import { say } from '../words/language.ts';
import { EXTEND_BY_MS, extend, putAside, runCheck, start, stop } from './acts.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { holeWords, minuteText, spanWords } from './clock-words.ts';
import { checkFor, type Step } from './next-step.ts';
import { StepButton, type StepLook } from './step-button.tsx';
import { StopDialog } from './stop-dialog.tsx';
import { kindMeant } from './walk-in-form.ts';

export function StepBar({ desk }: { readonly desk: ClerkDesk }) {
  const [asking, setAsking] = useState(false);
  const session = desk.session.value;
  const isStoppable = session?.state === 'opening' || session?.state === 'open';
  useEffect(() => {
    if (!isStoppable) setAsking(false);
  }, [isStoppable]);
  const wide = wideLook(desk, desk.step.value);
  return (
    <section class="steps" data-step={desk.step.value.is} aria-label={say('step.title')}>
      <StepButton look={wide} place="wide" />
      <StepButton look={sideLook(desk, desk.step.value, () => setAsking(true))} place="side" />
      {/* Said aloud when it changes; a countdown below it is left out on purpose. */}
      <p class="unseen" aria-live="polite">
        {say('step.title')} {wide.label}
      </p>
      {asking && session !== null && (
        <StopDialog
          desk={desk}
          session={session}
          onKeep={() => setAsking(false)}
          onStop={() => {
            setAsking(false);
            stop(desk, session);
          }}
        />
      )}
    </section>
  );
}

function wideLook(desk: ClerkDesk, step: Step): StepLook {
  const session = desk.session.value;
  switch (step.is) {
    case 'wait':
      return { act: 'busy', icon: 'waiting', label: say('act.wait'), tone: 'flat' };
    case 'before':
      return startLook(desk, step.first === 'start' || step.first === 'checking' ? 'main' : 'quiet');
    case 'proving':
      return {
        act: 'none',
        icon: 'waiting',
        label: say('step.proving'),
        below: say('step.proving-below'),
        tone: 'flat',
      };
    case 'tell': {
      const onPress = (pressedMono: number) => {
        desk.sheet.value = { is: 'told', pressedMono };
      };
      const isSent = desk.outbox.items.value.some(({ what, state }) => what === 'told' && state.at !== 'refused');
      const look = { act: 'tell', icon: 'sound', label: say('step.tell'), below: say('step.tell-below') } as const;
      return { ...look, tone: 'main', isBusy: isSent, isShut: !mayAnnotate(desk), onPress };
    }
    case 'explain': {
      const { from, to, streams } = step.interruption;
      const names = streams
        .map((id) => session?.streams.find((one) => one.id === id)?.name ?? id)
        .join(say('list.comma'));
      const below = say('step.explain-below', { names, length: holeWords((to ?? desk.now.value) - from) });
      return {
        act: 'explain',
        icon: 'fault',
        label: say('step.explain'),
        below,
        tone: 'warn',
        ...opening(desk, 'explain'),
      };
    }
    case 'extend': {
      const isAlarm = step.warning.level === 'alarm';
      const left = step.warning.alarmAt === null ? 0 : step.warning.alarmAt - desk.now.value;
      const why = say(`warn.${stopWarningWord(step.warning.why)}`);
      const below = isAlarm ? why : `${why} · ${say('step.extend-left', { time: countdownText(left) })}`;
      const look = {
        act: 'extend',
        icon: 'recording',
        label: say('step.extend', { n: EXTEND_BY_MS / 60_000 }),
      } as const;
      const isBusy = desk.extending.underWay;
      return {
        ...look,
        below,
        tone: isAlarm ? 'alarm' : 'warn',
        isBusy,
        isShut: desk.view.value?.may.extend !== true,
        onPress: () => extend(desk),
      };
    }
    case 'mend':
      return { act: 'none', icon: 'fault', label: say('step.mend'), below: say('step.mend-below'), tone: 'flat' };
    case 'fill':
      return fillLook(desk, 'quiet');
    case 'calm': {
      // Whether all is well is not known on an old screen.
      if (desk.stale.value) {
        return {
          act: 'none',
          icon: 'unlinked',
          label: say('step.stale'),
          below: say('step.stale-below'),
          tone: 'flat',
        };
      }
      const next = bookedAt(desk);
      if (next !== null) {
        const below = say('step.booked-below');
        return {
          act: 'none',
          icon: 'bell',
          label: say('step.booked', { time: minuteText(next) }),
          below,
          tone: 'flat',
        };
      }
      return { act: 'none', icon: 'check', label: say('step.calm'), below: untilWords(desk), tone: 'flat' };
    }
    case 'closing':
      return { act: 'none', icon: 'saving', label: say('sub.closing'), tone: 'flat' };
    case 'over':
      return overLook(desk, step.first);
  }
}

function sideLook(desk: ClerkDesk, step: Step, askToStop: () => void): StepLook {
  const view = desk.view.value;
  switch (step.is) {
    case 'wait':
      return { act: 'none', icon: 'waiting', label: say('act.wait'), tone: 'flat' };
    case 'before':
      return checkLook(desk, step.first);
    case 'closing':
      return { act: 'busy', icon: 'waiting', label: say('act.closing'), tone: 'flat' };
    case 'over':
      return startLook(desk, step.first === 'back' ? 'main' : 'quiet', true);
    default: {
      const isBusy = desk.press.underWay;
      const isStarting =
        desk.press.phase.value.at !== 'rest' &&
        'act' in desk.press.phase.value &&
        desk.press.phase.value.act === 'start';
      const label = isBusy && !isStarting ? say('act.stopping') : say('act.stop');
      const onPress = () => {
        desk.press.dismiss();
        askToStop();
      };
      const isShut = view?.may.close !== true;
      const below = isShut ? say('act.may-not-stop') : '';
      return { act: 'stop', icon: 'stop', label, below, tone: 'dark', isBusy, isShut, onPress };
    }
  }
}

const mayAnnotate = (desk: ClerkDesk): boolean => desk.view.value?.may.annotate === true;

function opening(desk: ClerkDesk, is: 'explain' | 'fields'): Pick<StepLook, 'isShut' | 'onPress'> {
  const session = desk.session.value;
  return {
    isShut: !mayAnnotate(desk) || session === null,
    onPress: () => {
      if (session !== null) desk.sheet.value = { is, session: session.id };
    },
  };
}

/** A start names what it will open, so that nobody opens the wrong line of the docket. */
function startLook(desk: ClerkDesk, tone: 'main' | 'quiet', isSide = false): StepLook {
  const view = desk.view.value;
  const entry = desk.entry.value;
  const isBusy = desk.press.underWay;
  const kind = kindName(entry === null ? kindMeant(desk.walkIn) : entry.kind);
  const what =
    entry?.planned == null
      ? say('step.start-walk-in', { kind })
      : [minuteText(entry.planned.from), kind, isSide ? '' : entry.matter].filter((one) => one !== '').join(' ');
  const label = isBusy ? say('act.starting') : say(isSide ? 'act.start-next' : 'act.start');
  const look = { act: 'start', icon: 'start', label, below: what, tone, isBusy } as const;
  return { ...look, isShut: view?.may.open !== true, onPress: () => start(desk) };
}

function checkLook(desk: ClerkDesk, first: 'start' | 'check' | 'checking' | 'listen'): StepLook {
  const view = desk.view.value;
  const check = view === null ? null : checkFor(view, desk.entry.value);
  const isShut = view?.may.check !== true;
  const open = () => {
    desk.sheet.value = { is: 'check' };
  };
  const tone = first === 'check' || first === 'listen' ? 'main' : 'quiet';
  if (check === null || check.state === 'broken-off') {
    const below = say(check === null ? 'check.not-yet' : 'check.broken-off');
    const isBusy = desk.checking.underWay;
    return {
      act: 'check',
      icon: 'ready',
      label: say('check.begin'),
      below,
      tone,
      isBusy,
      isShut,
      onPress: () => runCheck(desk),
    };
  }
  if (check.state === 'running') {
    const left = Math.max(0, Math.ceil((check.to - desk.now.value) / 1_000));
    return {
      act: 'checking',
      icon: 'waiting',
      label: say('check.running'),
      below: say('check.left', { n: left }),
      tone: 'quiet',
      onPress: open,
    };
  }
  const bad = check.findings.filter(({ good }) => good === false).length;
  const heardBad = check.heard?.streams.some(({ good }) => !good) === true;
  const verdict = bad > 0 ? say('check.warned', { n: bad }) : say('check.passed');
  const isDone = check.heard !== null;
  const label = say(isDone ? 'check.see' : 'check.listen');
  const below = isDone ? `${verdict} · ${say(heardBad ? 'check.heard-bad' : 'check.heard-good')}` : verdict;
  return {
    act: 'listen',
    icon: bad > 0 || heardBad ? 'fault' : isDone ? 'check' : 'play',
    label,
    below,
    tone,
    isShut,
    onPress: open,
  };
}

function fillLook(desk: ClerkDesk, tone: 'main' | 'quiet'): StepLook {
  const session = desk.session.value;
  const names = (session?.debts ?? []).map((id) => fieldName(session?.kind ?? '', id)).join(say('list.comma'));
  const below = say('step.fill-below', { n: session?.debts.length ?? 0, names });
  return { act: 'fill', icon: 'pen', label: say('step.fill'), below, tone, ...opening(desk, 'fields') };
}

function overLook(desk: ClerkDesk, first: 'fill' | 'explain' | 'back'): StepLook {
  if (first === 'fill') return fillLook(desk, 'main');
  if (first === 'explain') {
    const look = { act: 'explain', icon: 'pen', label: say('step.explain'), below: say('step.explain-after') } as const;
    return { ...look, tone: 'main', ...opening(desk, 'explain') };
  }
  const onPress = () => putAside(desk);
  return { act: 'back', icon: 'done', label: say('step.back'), below: say('step.back-below'), tone: 'quiet', onPress };
}

/** When the next entry of this room begins that this session runs into, or null. */
function bookedAt(desk: ClerkDesk): number | null {
  const warning = desk.session.value?.warnings.find(({ why }) => why === 'next-booking');
  const next = desk.view.value?.docket.find(({ id }) => id === warning?.other);
  return next?.planned?.from ?? null;
}

function untilWords(desk: ClerkDesk): string {
  const until = desk.session.value?.until ?? null;
  if (until === null) return say('step.calm-below');
  return say('step.until', { time: minuteText(until), left: spanWords(until - desk.now.value) });
}

function stopWarningWord(why: string): 'planned-end' | 'silence' | 'ceiling' {
  return why === 'silence' || why === 'ceiling' ? why : 'planned-end';
}

function countdownText(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
