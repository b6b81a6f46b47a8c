/** The small still picture of a camera. The next one is decoded before it takes the place of the last, so nothing flickers. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { GlanceView } from '../../controller/api/contract-display.ts';
import { Icon } from '../shell/icon.tsx';
import { say } from '../words/language.ts';

interface Props {
  readonly name: string;
  readonly glance: GlanceView['streams'][number] | null;
  /** No picture is to be shown as if it were of now. */
  readonly isOld: boolean;
}

export function Still({ name, glance, isOld }: Props) {
  const [shown, show] = useState<string | null>(null);
  const wanted = useRef<string | null>(null);
  const address = glance?.still ?? null;
  useEffect(() => {
    wanted.current = address;
    if (address === null) {
      show(null);
      return;
    }
    const next = new Image();
    next.src = address;
    next.decode().then(
      () => {
        if (wanted.current === address) show(address);
      },
      // A picture that is gone already is replaced by the next one in two seconds.
      () => undefined,
    );
  }, [address]);
  useEffect(
    () => () => {
      wanted.current = null;
    },
    [],
  );
  return (
    <span class="still" data-old={isOld}>
      {shown === null ? <Icon name="camera" /> : <img src={shown} alt={say('still.of', { name })} />}
      {glance?.isDark === true && shown !== null && <span class="still-note">{say('still.dark')}</span>}
      {isOld && shown !== null && <span class="still-note">{say('still.old')}</span>}
    </span>
  );
}
