/** Says plainly that the screen is old. What is shown below it is greyed, and nothing in it counts on. */
import type { RoomView } from '../../controller/api/contract.ts';
import { Icon } from '../shell/icon.tsx';
import { say } from '../words/language.ts';
import { isRunning } from './face.ts';

export function StaleBanner({ view, stale }: { readonly view: RoomView | null; readonly stale: boolean }) {
  return (
    <div class="stale-banner" role="alert" data-shown={stale}>
      {stale && (
        <p>
          <Icon name="unlinked" />
          {say(isRunning(view?.session ?? null) ? 'stale.recording' : 'stale.idle')}
        </p>
      )}
    </div>
  );
}
