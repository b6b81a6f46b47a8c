/** The rules of the site as the panel gets them: only what a screen shows, clauses as people cite them. */
import { citationOf } from '../core/rules/cite.ts';
import { DUTIES, type Duty } from '../core/rules/duties.ts';
import { noticeOfKind } from '../core/rules/notices.ts';
import { type Clause, clauseOf, clausesFor, fieldsOf, type Kind, type RuleSet } from '../core/rules/rule-set.ts';
import { MARK_KINDS } from '../core/session-facts.ts';
import type { ClauseView, DutyView, KindView, RulesView } from './contract-docket.ts';

/** The whole of it; the same for everybody, so it may be worked out once. */
export function rulesView(set: RuleSet): RulesView {
  const duties = Object.entries(DUTIES).map(([duty, { zh, en }]): [string, DutyView] => [
    duty,
    { zh, en, clauses: clausesFor(set, duty as Duty).map(clauseView) },
  ]);
  return {
    id: set.id,
    version: set.version,
    title: set.title,
    short: set.short,
    document: set.document.number,
    note: set.note,
    kinds: set.kinds.map((kind) => kindView(set, kind)),
    marks: MARK_KINDS,
    duties: Object.fromEntries(duties) as RulesView['duties'],
  };
}

/** A clause as people cite it, without the name of its document. */
export function clauseView({ id, force }: Clause): ClauseView {
  return { id, force, ...citationOf(id) };
}

function kindView(set: RuleSet, kind: Kind): KindView {
  const { id, version, zh, en, sha256 } = noticeOfKind(set, kind.id);
  const clauses = (ids: readonly string[]): ClauseView[] => ids.map((one) => clauseView(clauseOf(set, one)));
  return {
    id: kind.id,
    zh: kind.zh,
    en: kind.en,
    recording: kind.recording,
    clauses: clauses(kind.clauses),
    fields: fieldsOf(set, kind).map((field) => ({
      ...{ id: field.id, zh: field.zh, en: field.en, form: field.form, required: field.required },
      clauses: clauses(field.clauses),
    })),
    notice: { id, version, zh, en, sha256 },
  };
}
