/** All marks of the session, newest first, each with its notes. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { MarkView } from '../../controller/api/contract-session.ts';
import { timeText } from '../shell/clock.ts';
import { Icon } from '../shell/icon.tsx';
import { getMarks } from '../wire/clerk-rest.ts';
import { language, say } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { MARK_ICONS, noteOf } from './marks.tsx';
import { Sheet } from './sheet.tsx';

export function MarksSheet({ desk }: { readonly desk: ClerkDesk }) {
  const session = desk.session.value;
  const [marks, setMarks] = useState<readonly MarkView[] | null>(null);
  const id = session?.id;
  // Asked for again whenever there are more, or newer notes.
  const newest = session?.marks.newest.map((mark) => `${mark.id} ${mark.notes.length}`).join();
  useEffect(() => {
    if (id === undefined) return;
    let current = true;
    void newest;
    void getMarks(id).then((answer) => {
      if (current && answer.outcome === 'ok') setMarks(answer.value.marks);
    });
    return () => {
      current = false;
    };
  }, [id, newest]);
  const known = session?.marks.newest;
  const words = language.value;
  // Hundreds of lines: made anew when there is another mark, not with each snapshot.
  const list = useMemo(() => {
    void words;
    return <List marks={marks ?? known ?? []} desk={desk} />;
    // `newest` stands for `known`, which is another object in each snapshot.
  }, [marks, newest, words, desk]);
  if (session === null) return null;
  return (
    <Sheet name="marks" title={say('marks.all', { n: session.marks.count })} onShut={() => desk.shut()}>
      {session.marks.count === 0 && <p class="docket-none">{say('marks.none')}</p>}
      {list}
    </Sheet>
  );
}

function List({ marks, desk }: { readonly marks: readonly MarkView[]; readonly desk: ClerkDesk }) {
  return (
    <ul class="mark-list">
      {[...marks]
        .sort((a, b) => b.at - a.at)
        .map((mark) => (
          <li key={mark.id} class="mark-line" data-mark={mark.id}>
            <Icon name={MARK_ICONS[mark.kind]} />
            <span class="tabular">{timeText(mark.at)}</span>
            <b>{say(`mark.${mark.kind}`)}</b>
            <span class="mark-note">
              {noteOf(mark)} <small>{mark.by}</small>
            </span>
            <button
              type="button"
              class="tool"
              aria-label={`${say('marks.add-note')} ${timeText(mark.at)}`}
              onClick={() => {
                desk.sheet.value = { is: 'note', mark: mark.id, kind: mark.kind };
              }}
            >
              <Icon name="pen" />
            </button>
          </li>
        ))}
    </ul>
  );
}
