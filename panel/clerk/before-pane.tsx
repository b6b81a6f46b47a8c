/** Before a session: the docket of the day, or a start that stands in no docket. A form never stands in the way of a start. */
import { Icon } from '../shell/icon.tsx';
import { rules, wordOf } from '../shell/rules.ts';
import { say } from '../words/language.ts';
import type { ClerkDesk } from './clerk-desk.ts';
import { DocketList } from './docket-list.tsx';
import { isAwaited } from './docket-order.ts';
import { kindMeant, MATTER_MAX_CHARACTERS } from './walk-in-form.ts';

export function BeforePane({ desk }: { readonly desk: ClerkDesk }) {
  const view = desk.view.value;
  const tab = desk.tabShown.value;
  const count = view?.docket.filter(isAwaited).length ?? 0;
  const chooseTab = (to: 'docket' | 'walk-in') => {
    desk.tab.value = to;
  };
  return (
    <section class="pane" data-pane="before" aria-label={say('before.title')}>
      <div class="tabs">
        <button
          type="button"
          class="tab"
          data-tab="docket"
          aria-pressed={tab === 'docket'}
          onClick={() => chooseTab('docket')}
        >
          {say('before.docket')} <span class="tabular">{count}</span>
        </button>
        <button
          type="button"
          class="tab"
          data-tab="walk-in"
          aria-pressed={tab === 'walk-in'}
          onClick={() => chooseTab('walk-in')}
        >
          {say('before.walk-in')}
        </button>
        {view?.may.schedule === true && (
          <>
            <button
              type="button"
              class="tab tab-small"
              data-new
              onClick={() => {
                desk.sheet.value = { is: 'entry', entry: null };
              }}
            >
              <Icon name="plus" />
              {say('before.new')}
            </button>
            <button
              type="button"
              class="tab tab-small"
              data-import
              onClick={() => {
                desk.sheet.value = { is: 'import' };
              }}
            >
              {say('before.import')}
            </button>
          </>
        )}
      </div>
      <div class="tab-zone">{tab === 'docket' ? <DocketList desk={desk} /> : <WalkIn desk={desk} />}</div>
    </section>
  );
}

function WalkIn({ desk }: { readonly desk: ClerkDesk }) {
  const form = desk.walkIn;
  const shut = desk.press.underWay;
  const meant = kindMeant(form);
  return (
    <div class="walk-in">
      <fieldset class="kinds" disabled={shut}>
        <legend class="unseen">{say('ready.kind')}</legend>
        {(rules.value?.kinds ?? []).map((kind) => (
          <label key={kind.id} class="kind" data-kind={kind.id}>
            <input
              type="radio"
              name="kind"
              value={kind.id}
              checked={meant === kind.id}
              onChange={() => {
                form.kind.value = kind.id;
              }}
            />
            <span>{wordOf(kind)}</span>
          </label>
        ))}
      </fieldset>
      <input
        class="matter"
        type="text"
        aria-label={say('ready.matter')}
        placeholder={say('ready.matter')}
        maxLength={MATTER_MAX_CHARACTERS}
        autocomplete="off"
        disabled={shut}
        value={form.matter.value}
        onInput={(event) => {
          form.matter.value = event.currentTarget.value;
        }}
      />
    </div>
  );
}
