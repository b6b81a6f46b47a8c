/**
 * What stands on a sign, in both languages at once. Every line that is words, and no clock, carries `data-line`: these are what a
 * display reads back from its own page and acknowledges.
 */
import type { DisplayFace, NextMatter, Wording } from '../../controller/api/contract-display.ts';
import { lengthText, timeText } from '../shell/clock.ts';
import { Icon, type IconName } from '../shell/icon.tsx';
import { type Language, sentence } from '../words/say.ts';

const ICONS: Readonly<Record<DisplayFace, IconName>> = {
  idle: 'asleep',
  next: 'asleep',
  starting: 'waiting',
  notice: 'recording',
  recording: 'recording',
  fault: 'fault',
  hall: 'camera',
  unknown: 'unlinked',
};
/** `10:31:02` without its seconds: nobody waits at a door by the second. */
const MINUTES = 5;

export interface SignBodyProps {
  readonly face: DisplayFace;
  readonly room: { readonly name: string; readonly nameEn: string } | null;
  readonly since: number | null;
  readonly serverNow: number | null;
  readonly notice: Wording | null;
  readonly next: NextMatter | null;
}

export function SignBody({ face, room, since, serverNow, notice, next }: SignBodyProps) {
  const records = face === 'recording' || face === 'notice';
  const told = records || face === 'starting' || face === 'fault' ? notice : null;
  // The hall's wording is the rule set's; the words of this panel stand in until it is heard.
  const word = (language: Language) =>
    face === 'hall' && notice !== null ? notice[language] : sentence(language, `sign.${face}`);
  return (
    <main class="sign" data-sign={face}>
      {room !== null && (
        <p class="sign-room" data-line>
          {room.name} <span lang="en">{room.nameEn}</span>
        </p>
      )}
      <div class="sign-state" role="status">
        <Icon name={ICONS[face]} class="sign-icon" />
        <div>
          <p class="sign-word" lang="zh-CN" data-line>
            <Clauses text={word('zh')} />
          </p>
          <p class="sign-word-en" lang="en" data-line>
            {word('en')}
          </p>
        </div>
      </div>
      {face === 'next' && next !== null && (
        <div class="sign-next">
          <p lang="zh-CN" data-line>
            {nextText('zh', next)}
          </p>
          <p class="sign-next-en" lang="en" data-line>
            {nextText('en', next)}
          </p>
        </div>
      )}
      {records && since !== null && serverNow !== null && (
        <p class="sign-elapsed tabular" aria-hidden="true">
          {lengthText(serverNow - since)}
        </p>
      )}
      {face === 'unknown' && (
        <p class="sign-hint" data-line>
          {sentence('zh', 'sign.unknown-hint')} <span lang="en">{sentence('en', 'sign.unknown-hint')}</span>
        </p>
      )}
      {told !== null && (
        <div class="sign-notice">
          <p lang="zh-CN" data-line>
            <Clauses text={told.zh} />
          </p>
          <p class="sign-notice-en" lang="en" data-line>
            {told.en}
          </p>
        </div>
      )}
    </main>
  );
}

function nextText(language: Language, { at, kind }: NextMatter): string {
  return sentence(language, 'sign.next-what', { time: timeText(at).slice(0, MINUTES), kind: kind[language] });
}

/** Chinese breaks anywhere; on a wall a line should end where the sentence breathes. */
function Clauses({ text }: { readonly text: string }) {
  const clauses = text.match(/[^，。；]+[，。；]?/g) ?? [text];
  return (
    <>
      {clauses.map((clause) => (
        <span key={clause} class="sign-clause">
          {clause}
        </span>
      ))}
    </>
  );
}
