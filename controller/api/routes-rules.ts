/** The route of the rules of the site. */
import { guarded, type Route } from './route.ts';
import * as schema from './schemas-rules.ts';
import { rulesView } from './wire-rules.ts';

export const RULES_ROUTES: readonly Route[] = [
  guarded(
    {
      method: 'get',
      path: '/rules',
      summary:
        'The rule set of this site: kinds of session with their fields and notices, and the clauses they come from',
      answers: { 200: schema.rulesView },
    },
    ({ desk }) => ({ json: rulesView(desk.hearings.rules) }),
  ),
];
