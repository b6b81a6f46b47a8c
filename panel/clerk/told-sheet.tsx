/** “Told”: how the parties answered. The time is that of the press that brought this up, however long the answer takes. */
import type { NoticeAnswer } from '../../controller/api/contract-session.ts';
import { Icon, type IconName } from '../shell/icon.tsx';
import { kindOf, wordOf } from '../shell/rules.ts';
import { sessionPath, speakAgain } from '../wire/clerk-rest.ts';
import { newPressId } from '../wire/press-id.ts';
import { say } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { NoticeSign } from './during-pane.tsx';
import { Sheet } from './sheet.tsx';

const ANSWERS: readonly (readonly [NoticeAnswer, IconName])[] = [
  ['understood', 'check'],
  ['objected', 'objection'],
  ['silent', 'dots'],
];

export function ToldSheet({ desk, pressedMono }: { readonly desk: ClerkDesk; readonly pressedMono: number }) {
  const session = desk.session.value;
  if (session === null) return null;
  const { notice } = session;
  const text = kindOf(session.kind)?.notice;
  const tell = (answer: NoticeAnswer) => {
    const id = newPressId();
    const out = { id, path: sessionPath(session.id, 'told'), body: { press: id, answer }, session: session.id };
    desk.outbox.put({ ...out, what: 'told' }, pressedMono);
    desk.shut();
  };
  return (
    <Sheet
      name="told"
      title={say('told.title')}
      onShut={() => desk.shut()}
      extra={
        <button type="button" class="sheet-out" data-speak onClick={() => void speakAgain(session.room)}>
          <Icon name="sound" />
          {say('notice.again')}
        </button>
      }
    >
      <div class="told">
        <div class="told-text">
          <p class="notice-text">{text === undefined ? '' : wordOf(text)}</p>
          <p class="notice-signs">
            <NoticeSign done={notice.shown?.at ?? null} yes="notice.shown" no="notice.not-shown" />
            <NoticeSign done={notice.spoken?.at ?? null} yes="notice.spoken" no="notice.not-spoken" />
          </p>
        </div>
        {/* Another panel may have been quicker: then this one says so, and asks no more. */}
        {notice.told === null ? (
          <div class="told-answers">
            {ANSWERS.map(([answer, icon], index) => (
              <button
                key={answer}
                type="button"
                class="big-choice"
                data-answer={answer}
                data-focus={index === 0 ? '' : undefined}
                onClick={() => tell(answer)}
              >
                <Icon name={icon} />
                {say(`answer.${answer}`)}
              </button>
            ))}
          </div>
        ) : (
          <p class="told-done">
            <Icon name="check" />
            {say('told.by', { by: notice.told.by, answer: say(`answer.${notice.told.answer}`) })}
          </p>
        )}
      </div>
    </Sheet>
  );
}
