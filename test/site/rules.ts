/** Rules of the product as a site has them when it chose one of its two sets and has no folder of its own. */
import { findRules } from '../../controller/config/rule-files.ts';
import type { SiteRules } from '../../controller/core/rules/site-rules.ts';

export const HEBEI: SiteRules = rulesOf('hebei-tax-2017');
export const CHANGAN: SiteRules = rulesOf('changan-hrss-2017');

function rulesOf(chosen: string): SiteRules {
  const found = findRules(chosen, null);
  if (!found.ok) throw new Error(JSON.stringify(found.faults));
  return found.rules;
}
