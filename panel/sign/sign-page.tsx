/** `/sign/:room`: what hangs on the wall. Read across a room by people who never touch it, in both languages at once. */
import './sign.css';
import { useEffect, useMemo } from 'preact/hooks';
import { lengthText } from '../shell/clock.ts';
import { Icon, type IconName } from '../shell/icon.tsx';
import { reloadIfUpgraded } from '../shell/who.ts';
import { SignLink } from '../wire/sign-link.ts';
import { sentence } from '../words/say.ts';
import { type SignFace, signFaceOf } from './sign-face.ts';

const ICONS: Readonly<Record<SignFace, IconName>> = {
  idle: 'asleep',
  starting: 'waiting',
  recording: 'recording',
  fault: 'fault',
  unknown: 'unlinked',
};

export function SignPage({ room }: { readonly room: string }) {
  const link = useMemo(() => new SignLink(room), [room]);
  useEffect(() => {
    link.start(() => void reloadIfUpgraded());
    return () => link.close();
  }, [link]);

  const view = link.view.value;
  const face = signFaceOf(view, link.silent.value);
  const now = link.serverNow.value;
  const notice = face === 'starting' || face === 'recording' || face === 'fault' ? view?.notice : undefined;
  return (
    <main class="sign" data-sign={face}>
      <p class="sign-room">
        {view?.room.name} <span lang="en">{view?.room.nameEn}</span>
      </p>
      <div class="sign-state" role="status">
        <Icon name={ICONS[face]} class="sign-icon" />
        <div>
          <p class="sign-word" lang="zh-CN">
            <Clauses text={sentence('zh', `sign.${face}`)} />
          </p>
          <p class="sign-word-en" lang="en">
            {sentence('en', `sign.${face}`)}
          </p>
        </div>
      </div>
      {face === 'recording' && view !== null && view.since !== null && now !== null && (
        <p class="sign-elapsed tabular">{lengthText(now - view.since)}</p>
      )}
      {face === 'unknown' && (
        <p class="sign-hint">
          {sentence('zh', 'sign.unknown-hint')} <span lang="en">{sentence('en', 'sign.unknown-hint')}</span>
        </p>
      )}
      {notice !== undefined && (
        <div class="sign-notice">
          <p lang="zh-CN">
            <Clauses text={notice.zh} />
          </p>
          <p class="sign-notice-en" lang="en">
            {notice.en}
          </p>
        </div>
      )}
    </main>
  );
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
