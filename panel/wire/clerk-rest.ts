/** What the clerk's page asks of the controller beside opening and closing: docket, checks, rules, fields, glances. */
import type { GlanceView, SignsView } from '../../controller/api/contract-display.ts';
import type {
  AdjournedView,
  AmendRequest,
  CancelRequest,
  CheckRequest,
  CheckView,
  DocketEntry,
  HeardRequest,
  ImportRequest,
  ImportResult,
  RulesView,
  ScheduleRequest,
} from '../../controller/api/contract-docket.ts';
import type {
  AdjournRequest,
  ExplainRequest,
  ExtendRequest,
  FillRequest,
  MarkList,
  SessionView,
} from '../../controller/api/contract-session.ts';
import { type Answer, ask } from './rest.ts';

const part = encodeURIComponent;

export const sessionPath = (session: string, what: string): string => `/sessions/${part(session)}/${what}`;
export const markNotesPath = (session: string, mark: string): string =>
  sessionPath(session, `marks/${part(mark)}/notes`);

export const getRules = (): Promise<Answer<RulesView>> => ask('GET', '/rules');
export const getGlance = (room: string): Promise<Answer<GlanceView>> => ask('GET', `/rooms/${part(room)}/glance`);
export const speakAgain = (room: string): Promise<Answer<SignsView>> => ask('POST', `/rooms/${part(room)}/speech`);
export const getSession = (session: string): Promise<Answer<SessionView>> => ask('GET', `/sessions/${part(session)}`);
export const getMarks = (session: string): Promise<Answer<MarkList>> => ask('GET', sessionPath(session, 'marks'));

/** Opens an entry of the docket, whatever its check said. */
export const openEntry = (session: string, press: string): Promise<Answer<SessionView>> =>
  ask('POST', sessionPath(session, 'open'), { press });
export const fillSession = (session: string, request: FillRequest): Promise<Answer<SessionView>> =>
  ask('POST', sessionPath(session, 'fields'), request);
export const explainInterruption = (session: string, request: ExplainRequest): Promise<Answer<SessionView>> =>
  ask('POST', sessionPath(session, 'explanations'), request);
export const extendSession = (session: string, request: ExtendRequest): Promise<Answer<SessionView>> =>
  ask('POST', sessionPath(session, 'extend'), request);
export const adjournSession = (session: string, request: AdjournRequest): Promise<Answer<AdjournedView>> =>
  ask('POST', sessionPath(session, 'adjourn'), request);

export const beginCheck = (room: string, request: CheckRequest): Promise<Answer<CheckView>> =>
  ask('POST', `/rooms/${part(room)}/checks`, request);
export const sayHeard = (check: string, request: HeardRequest): Promise<Answer<CheckView>> =>
  ask('POST', `/checks/${part(check)}/heard`, request);

export const scheduleEntry = (request: ScheduleRequest): Promise<Answer<DocketEntry>> =>
  ask('POST', '/docket', request);
export const amendEntry = (session: string, request: AmendRequest): Promise<Answer<DocketEntry>> =>
  ask('POST', `/docket/${part(session)}/amend`, request);
export const cancelEntry = (session: string, request: CancelRequest): Promise<Answer<DocketEntry>> =>
  ask('POST', `/docket/${part(session)}/cancel`, request);
export const importDocket = (request: ImportRequest): Promise<Answer<ImportResult>> =>
  ask('POST', '/docket/import', request);
