/** `/sign/:room`: what a room's sign says, on any screen. It proves nothing; a display with an id does (display-page.tsx). */
import './sign.css';
import { useEffect, useMemo } from 'preact/hooks';
import { reloadIfUpgraded } from '../shell/who.ts';
import { SignLink } from '../wire/sign-link.ts';
import { SignBody } from './sign-body.tsx';
import { signFaceOf } from './sign-face.ts';

export function SignPage({ room }: { readonly room: string }) {
  const link = useMemo(() => new SignLink(room), [room]);
  useEffect(() => {
    link.start(() => void reloadIfUpgraded());
    return () => link.close();
  }, [link]);

  const view = link.view.value;
  return (
    <SignBody
      face={signFaceOf(view?.state ?? null, link.silent.value)}
      room={view?.room ?? null}
      since={view?.since ?? null}
      serverNow={link.serverNow.value}
      notice={view?.notice ?? null}
      next={view?.next ?? null}
    />
  );
}
