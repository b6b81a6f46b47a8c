/** What the doctor says about a site's rule set and calendar. None of it stops a recording, so nothing here is more than a warning. */
import { type RulesTrouble, type SiteRules, troublesOf } from '../core/rules/site-rules.ts';
import type { Finding } from './doctor.ts';

/** One finding when all is well, else one for each fault of each file that was refused, each missing year, a set out of force. */
export function rulesFindings(rules: SiteRules, nowMs: number): Finding[] {
  const troubles = troublesOf(rules, nowMs);
  if (troubles.length > 0) return troubles.flatMap(findingsOf);
  const years = rules.calendar.years.map(({ year }) => year);
  const message = `${rules.set.id}, version ${rules.set.version}; working days known up to ${Math.max(...years)}`;
  return [{ level: 'ok', subject: 'rules', message, hint: null, code: null }];
}

function findingsOf(trouble: RulesTrouble): Finding[] {
  const warn = (message: string, hint: string, code: Finding['code'] = null): Finding => ({
    ...{ level: 'warning', subject: 'rules', message, hint, code },
  });
  switch (trouble.what) {
    case 'file-refused':
      return trouble.file.faults.map(({ field, message }) =>
        warn(
          `${trouble.file.path} is not used: ${field} ${message}`,
          'Correct the file, or take it out of rulesFolder; controller/core/rules/README.md says what belongs in it.',
        ),
      );
    case 'year-missing':
      return [
        warn(
          `the working days of ${trouble.year} are not known, so deadlines of that year are reckoned as short as possible`,
          "Copy the State Council's notice into a calendar file in rulesFolder; controller/core/rules/README.md says how.",
        ),
      ];
    case 'not-in-force':
      return [
        warn(
          `the rule set is in force from ${trouble.from}${trouble.until === null ? '' : ` until ${trouble.until}`}, which is not today`,
          'Choose the rule set that is in force (rules in the configuration), or set the clock right.',
        ),
      ];
  }
}
