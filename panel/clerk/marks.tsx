/** Marks: one tap each, shown at once as not yet confirmed, and the newest one with a place to add a note. */
import { useRef } from 'preact/hooks';
import type { MarkKind, MarkView, SessionView } from '../../controller/api/contract-session.ts';
import { timeText } from '../shell/clock.ts';
import { Icon, type IconName } from '../shell/icon.tsx';
import { rules } from '../shell/rules.ts';
import type { OutboxItem } from '../wire/outbox.ts';
import { say } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';

const KINDS: readonly MarkKind[] = ['evidence', 'objection', 'statement', 'quarrel', 'other'];
export const MARK_ICONS: Readonly<Record<MarkKind, IconName>> = {
  evidence: 'evidence',
  objection: 'objection',
  statement: 'statement',
  quarrel: 'quarrel',
  other: 'pen',
};

interface Props {
  readonly desk: ClerkDesk;
  readonly session: SessionView;
}

export function MarkRow({ desk, session }: Props) {
  const may = desk.view.value?.may.annotate === true;
  return (
    <fieldset class="marks" aria-label={say('marks.title')}>
      {(rules.value?.marks ?? KINDS).map((kind) => (
        <MarkButton key={kind} kind={kind} desk={desk} session={session} may={may} />
      ))}
    </fieldset>
  );
}

function MarkButton({ kind, desk, session, may }: Props & { readonly kind: MarkKind; readonly may: boolean }) {
  const downMono = useRef<number | null>(null);
  const newest = newestOf(desk, session, kind);
  const press = () => {
    const pressedMono = downMono.current ?? performance.now();
    downMono.current = null;
    if (!may) return;
    const mark = desk.mark(kind, pressedMono);
    // “Other” says nothing by itself: the note is asked for, after the time is safe.
    if (mark !== null && kind === 'other') desk.sheet.value = { is: 'note', mark, kind };
  };
  return (
    <button
      type="button"
      class="mark"
      data-mark-kind={kind}
      data-sent={newest?.isSent ?? true}
      aria-disabled={!may}
      onPointerDown={() => {
        downMono.current = performance.now();
      }}
      onClick={press}
    >
      <Icon name={MARK_ICONS[kind]} />
      <span class="mark-name">{say(`mark.${kind}`)}</span>
      <span class="mark-at tabular">
        {newest === null ? '' : `${timeText(newest.at)} ${newest.isSent ? '✓' : '…'}`}
      </span>
    </button>
  );
}

export interface NewestOf {
  readonly id: string;
  readonly kind: MarkKind;
  readonly at: number;
  /** The controller has it in its journal. */
  readonly isSent: boolean;
  readonly note: string;
}

/** The newest mark of this session, of one kind or of all: those on their way count, as not confirmed. */
function newestOf(desk: ClerkDesk, session: SessionView, kind: MarkKind | null): NewestOf | null {
  const told = session.marks.newest
    .filter((mark) => kind === null || mark.kind === kind)
    .map((mark): NewestOf => ({ ...mark, isSent: true, note: noteOf(mark) }));
  const known = new Set(told.map(({ id }) => id));
  const waiting = desk.outbox.items.value
    .filter((item) => isMarkOf(item, session.id, kind) && item.state.at !== 'refused' && !known.has(item.id))
    .map((item): NewestOf => {
      const at = (desk.link.serverNow.peek() ?? 0) - (performance.now() - item.pressedMono);
      return { id: item.id, kind: item.body['kind'] as MarkKind, at, isSent: item.state.at === 'sent', note: '' };
    });
  return [...told, ...waiting].reduce<NewestOf | null>(
    (best, one) => (best === null || one.at >= best.at ? one : best),
    null,
  );
}

function isMarkOf(item: OutboxItem, session: string, kind: MarkKind | null): boolean {
  return item.what === 'mark' && item.session === session && (kind === null || item.body['kind'] === kind);
}

/** All that was written to a mark, in one line. */
export function noteOf(mark: MarkView): string {
  return [{ note: mark.note, page: mark.page }, ...mark.notes]
    .map(({ note, page }) =>
      [note, page === '' ? '' : say('mark.page', { page })].filter((one) => one !== '').join(' '),
    )
    .filter((one) => one !== '')
    .join(say('list.comma'));
}

export function NewestMark({ desk, session }: Props) {
  const newest = newestOf(desk, session, null);
  const unknown = desk.outbox.items.value.filter(
    ({ what, id }) => what === 'mark' && !session.marks.newest.some((one) => one.id === id),
  );
  const count = session.marks.count + unknown.length;
  return (
    <div class="newest">
      <button
        type="button"
        class="tool newest-mark"
        data-newest={newest?.id ?? ''}
        aria-disabled={newest === null || !newest.isSent}
        onClick={() => {
          if (newest?.isSent === true) desk.sheet.value = { is: 'note', mark: newest.id, kind: newest.kind };
        }}
      >
        {newest === null ? (
          <span class="newest-none">{say('marks.none')}</span>
        ) : (
          <>
            <Icon name={MARK_ICONS[newest.kind]} />
            <span class="newest-words">
              {say(`mark.${newest.kind}`)} <span class="tabular">{timeText(newest.at)}</span>{' '}
              <span class="newest-note">
                {newest.isSent ? newest.note || say('marks.add-note') : say('marks.sending')}
              </span>
            </span>
          </>
        )}
      </button>
      <button
        type="button"
        class="tool tool-count tabular"
        data-tool="marks"
        aria-label={say('marks.all', { n: count })}
        onClick={() => {
          desk.sheet.value = { is: 'marks' };
        }}
      >
        {count}
      </button>
    </div>
  );
}
