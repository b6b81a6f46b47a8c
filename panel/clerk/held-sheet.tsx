/** A session of today that is over: what was kept, what is owed, and until when it must be handed over. */
import { useEffect, useState } from 'preact/hooks';
import type { SessionView } from '../../controller/api/contract-session.ts';
import { Icon } from '../shell/icon.tsx';
import { getSession } from '../wire/clerk-rest.ts';
import { say } from '../words/language.ts';
import { Summary } from './after-pane.tsx';
import type { ClerkDesk } from './clerk-desk.ts';
import { Sheet } from './sheet.tsx';

const LOOK_EVERY_MS = 5_000;

export function HeldSheet({ desk, id }: { readonly desk: ClerkDesk; readonly id: string }) {
  const [session, setSession] = useState<SessionView | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let current = true;
    const look = async () => {
      const answer = await getSession(id);
      if (!current) return;
      if (answer.outcome === 'ok') setSession(answer.value);
      timer = setTimeout(() => void look(), LOOK_EVERY_MS);
    };
    void look();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [id]);
  return (
    <Sheet
      name="held"
      title={say('after.title')}
      onShut={() => desk.shut()}
      extra={
        <>
          <a class="sheet-out" href={`/review/${encodeURIComponent(id)}`}>
            <Icon name="play" />
            {say('after.review')}
          </a>
          {desk.view.value?.may.annotate === true && (
            <button
              type="button"
              class="sheet-out"
              data-tool="fields"
              onClick={() => {
                desk.sheet.value = { is: 'fields', session: id };
              }}
            >
              <Icon name="pen" />
              {say('tool.fields')}
            </button>
          )}
        </>
      }
    >
      {session === null ? (
        <p class="docket-none">{say('load.waiting')}</p>
      ) : (
        <Summary session={session} now={desk.now.value} />
      )}
    </Sheet>
  );
}
