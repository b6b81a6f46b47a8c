/** The two big places at the bottom: each is one button for good, whose meaning follows the state of the room. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from '../shell/icon.tsx';

/** For so long after a button changed its meaning it is deaf: the second half of a double press must not mean the new thing. */
const DEAF_AFTER_CHANGE_MS = 800;

export interface StepLook {
  /** What a press means; `none` shows something and takes no press. */
  readonly act: string;
  readonly icon: IconName;
  readonly label: string;
  readonly below?: string;
  /** main: the one thing to do. quiet: possible. warn, alarm: to be done now. dark: ends something. flat: nothing to press. */
  readonly tone: 'main' | 'quiet' | 'warn' | 'alarm' | 'dark' | 'flat';
  readonly isBusy?: boolean;
  readonly isShut?: boolean;
  /** `pressedMono`: when the finger came down, on the monotonic clock of this page. */
  readonly onPress?: (pressedMono: number) => void;
}

export function StepButton({ look, place }: { readonly look: StepLook; readonly place: 'wide' | 'side' }) {
  const { act, icon, label, below, tone, isBusy = false, isShut = false, onPress } = look;
  const deaf = useDeaf(act);
  const down = useRef<{ readonly act: string; readonly mono: number } | null>(null);
  const isOff = isShut || isBusy || onPress === undefined;
  return (
    <button
      type="button"
      class="act-button"
      data-place={place}
      data-act={act}
      data-tone={tone}
      data-busy={isBusy}
      // aria-disabled, not disabled: the focus of somebody working by keyboard must stay on the button.
      aria-disabled={isOff}
      onPointerDown={() => {
        down.current = { act, mono: performance.now() };
      }}
      onClick={() => {
        const began = down.current;
        down.current = null;
        // The finger came down on something else: what it meant is not there any more.
        if (began !== null && began.act !== act) return;
        if (!isOff && !deaf) onPress(began?.mono ?? performance.now());
      }}
    >
      <Icon name={isBusy ? 'waiting' : icon} />
      <span class="act-words">
        <span class="act-label">{label}</span>
        {below !== undefined && below !== '' && <span class="act-below tabular">{below}</span>}
      </span>
    </button>
  );
}

function useDeaf(act: string): boolean {
  const [deaf, setDeaf] = useState(false);
  useEffect(() => {
    setDeaf(true);
    const timer = setTimeout(() => setDeaf(false), DEAF_AFTER_CHANGE_MS);
    return () => clearTimeout(timer);
  }, [act]);
  return deaf;
}
