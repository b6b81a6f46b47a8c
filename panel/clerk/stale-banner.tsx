/** Says plainly that the screen is old. What is shown below it is greyed, and nothing in it counts on. */
import type { RoomView } from '../../controller/api/contract.ts';
import { Icon } from '../shell/icon.tsx';
import { say } from '../words/language.ts';
import { faceOf, isRunning } from './face.ts';

export function StaleBanner({ view, stale }: { readonly view: RoomView | null; readonly stale: boolean }) {
  // The recorder needs no link to this screen; but what was not well before is not called unaffected.
  const goesOn = isRunning(view?.session ?? null) && faceOf(view) !== 'fault';
  return (
    <div class="stale-banner" role="alert" data-shown={stale}>
      {stale && (
        <p>
          <Icon name="unlinked" />
          {say(goesOn ? 'stale.recording' : 'stale.idle')}
        </p>
      )}
    </div>
  );
}
