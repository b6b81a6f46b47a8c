/** The frame of every sheet: title, the one button that finishes it, a way out, and the focus where it belongs. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from '../shell/icon.tsx';
import { say, sayTroubleText } from '../words/language.ts';
import type { Press, PressPhase } from './press.ts';

interface Props {
  readonly name: string;
  readonly title: string;
  readonly onShut: () => void;
  readonly children: ComponentChildren;
  /** The button that finishes it; none where the content has its own. */
  readonly finish?: { readonly label: string; readonly isShut?: boolean; readonly act: () => void };
  readonly press?: Press<'save'>;
  /** Something else that can be done, beside the way out. */
  readonly extra?: ComponentChildren;
}

export function Sheet({ name, title, onShut, children, finish, press, extra }: Props) {
  const frame = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    // The first thing that can be done with it, or the sheet itself, so that a screen reader begins at its title.
    const first = frame.current?.querySelector<HTMLElement>('[data-focus]') ?? frame.current;
    first?.focus({ preventScroll: true });
    return () => {
      // What the sheet covered can be focused again only once the sheet is gone.
      queueMicrotask(() => {
        if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
      });
    };
  }, []);
  const busy = press?.underWay === true;
  return (
    <section
      ref={frame}
      class="sheet"
      role="dialog"
      aria-labelledby="sheet-title"
      data-sheet={name}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onShut();
      }}
    >
      <header class="sheet-head">
        <h2 id="sheet-title">{title}</h2>
        {press !== undefined && <SheetNote phase={press.phase.value} />}
        {extra}
        <button type="button" class="sheet-out" data-sheet-out onClick={onShut}>
          {finish === undefined ? say('sheet.close') : say('sheet.cancel')}
        </button>
        {finish !== undefined && (
          <button
            type="button"
            class="sheet-finish"
            data-sheet-finish
            aria-disabled={finish.isShut === true || busy}
            onClick={() => {
              if (finish.isShut !== true && !busy) finish.act();
            }}
          >
            <Icon name={busy ? 'waiting' : 'check'} />
            {busy ? say('sheet.saving') : finish.label}
          </button>
        )}
      </header>
      <div class="sheet-body">{children}</div>
    </section>
  );
}

function SheetNote({ phase }: { readonly phase: PressPhase<'save'> }) {
  const words =
    phase.at === 'refused'
      ? sayTroubleText(phase.refusal)
      : phase.at === 'undelivered'
        ? say('act.undelivered')
        : phase.at === 'asking' && phase.tries > 1
          ? say('act.retrying', { n: phase.tries })
          : '';
  return (
    <p class="sheet-note" role="status" data-note={phase.at} title={words}>
      {words}
    </p>
  );
}
