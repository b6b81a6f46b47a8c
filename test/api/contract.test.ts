/** The schemas that check requests say the same as the contract that the panel compiles against; the document knows every route. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import type * as contract from '../../controller/api/contract.ts';
import type * as dockets from '../../controller/api/contract-docket.ts';
import type * as people from '../../controller/api/contract-people.ts';
import type * as sessions from '../../controller/api/contract-session.ts';
import { openApiDocument } from '../../controller/api/openapi.ts';
import { ROUTES } from '../../controller/api/routes.ts';
import type * as schema from '../../controller/api/schemas.ts';
import type * as docketSchema from '../../controller/api/schemas-docket.ts';
import type * as peopleSchema from '../../controller/api/schemas-people.ts';
import type * as roomSchema from '../../controller/api/schemas-room.ts';
import type * as rulesSchema from '../../controller/api/schemas-rules.ts';
import type * as sessionSchema from '../../controller/api/schemas-session.ts';
import { ApiStage } from './api-stage.ts';

/** Without the difference between readonly and not, and between absent and undefined. */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]-?: Plain<Exclude<T[Key], undefined>> }
    : T;
type Optional<T> = { [Key in keyof T]-?: undefined extends T[Key] ? Key : never }[keyof T];
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Agree<Contract, Schema extends z.ZodType> =
  Same<Plain<Contract>, Plain<z.output<Schema>>> extends true
    ? Same<Optional<Contract>, Optional<z.output<Schema>>>
    : false;

/** The compiler refuses this file when a schema and its contract differ. */
const agreements: {
  readonly Trouble: Agree<contract.Trouble, typeof schema.trouble>;
  readonly ErrorBody: Agree<contract.ErrorBody, typeof schema.errorBody>;
  readonly Role: Same<contract.Role, z.output<typeof schema.role>>;
  readonly PersonChoice: Agree<contract.PersonChoice, typeof schema.personChoice>;
  readonly PanelName: Agree<people.PanelName, typeof peopleSchema.panelName>;
  readonly HereView: Agree<people.HereView, typeof peopleSchema.hereView>;
  readonly PersonAtDoor: Agree<people.PersonAtDoor, typeof peopleSchema.personAtDoor>;
  readonly LoginRequest: Agree<people.LoginRequest, typeof peopleSchema.loginRequest>;
  readonly SecretRequest: Agree<people.SecretRequest, typeof peopleSchema.secretRequest>;
  readonly PairRequest: Agree<people.PairRequest, typeof peopleSchema.pairRequest>;
  readonly ChangePinRequest: Agree<people.ChangePinRequest, typeof peopleSchema.changePinRequest>;
  readonly CodeRequest: Agree<people.CodeRequest, typeof peopleSchema.codeRequest>;
  readonly Me: Agree<people.Me, typeof peopleSchema.me>;
  readonly CodeView: Agree<people.CodeView, typeof peopleSchema.codeView>;
  readonly PanelView: Agree<people.PanelView, typeof peopleSchema.panelView>;
  readonly PanelList: Agree<people.PanelList, typeof peopleSchema.panelList>;
  readonly LoginView: Agree<people.LoginView, typeof peopleSchema.loginView>;
  readonly LoginList: Agree<people.LoginList, typeof peopleSchema.loginList>;
  readonly StaffView: Agree<people.StaffView, typeof peopleSchema.staffView>;
  readonly StaffList: Agree<people.StaffList, typeof peopleSchema.staffList>;
  readonly TrailView: Agree<people.TrailView, typeof peopleSchema.trailView>;
  readonly TrailList: Agree<people.TrailList, typeof peopleSchema.trailList>;
  readonly GivenPin: Agree<people.GivenPin, typeof peopleSchema.givenPin>;
  readonly GivenSecret: Agree<people.GivenSecret, typeof peopleSchema.givenSecret>;
  readonly RoomName: Agree<contract.RoomName, typeof schema.roomName>;
  readonly StreamView: Agree<contract.StreamView, typeof schema.streamView>;
  readonly SessionKind: Same<sessions.SessionKind, z.output<typeof sessionSchema.sessionKind>>;
  readonly GapView: Agree<sessions.GapView, typeof sessionSchema.gapView>;
  readonly SessionView: Agree<sessions.SessionView, typeof sessionSchema.sessionView>;
  readonly HandOverView: Agree<sessions.HandOverView, typeof sessionSchema.handOverView>;
  readonly RoomView: Agree<contract.RoomView, typeof roomSchema.roomView>;
  readonly OpenRequest: Agree<sessions.OpenRequest, typeof sessionSchema.openRequest>;
  readonly SessionList: Agree<sessions.SessionList, typeof sessionSchema.sessionList>;
  readonly NamedPerson: Agree<sessions.NamedPerson, typeof sessionSchema.namedPerson>;
  readonly FieldValues: Agree<sessions.FieldValues, typeof sessionSchema.fieldValues>;
  readonly PlannedView: Agree<sessions.PlannedView, typeof sessionSchema.plannedView>;
  readonly InterruptionView: Agree<sessions.InterruptionView, typeof sessionSchema.interruptionView>;
  readonly MarkView: Agree<sessions.MarkView, typeof sessionSchema.markView>;
  readonly NoticeView: Agree<sessions.NoticeView, typeof sessionSchema.noticeView>;
  readonly SessionWarning: Agree<sessions.SessionWarning, typeof sessionSchema.sessionWarning>;
  readonly DeadlineView: Agree<sessions.DeadlineView, typeof sessionSchema.deadlineView>;
  readonly KeepView: Agree<sessions.KeepView, typeof sessionSchema.keepView>;
  readonly PressRequest: Agree<sessions.PressRequest, typeof sessionSchema.pressRequest>;
  readonly AdjournRequest: Agree<sessions.AdjournRequest, typeof sessionSchema.adjournRequest>;
  readonly FillRequest: Agree<sessions.FillRequest, typeof sessionSchema.fillRequest>;
  readonly MarkRequest: Agree<sessions.MarkRequest, typeof sessionSchema.markRequest>;
  readonly MarkNoteRequest: Agree<sessions.MarkNoteRequest, typeof sessionSchema.markNoteRequest>;
  readonly NoticeMarkView: Agree<sessions.NoticeMarkView, typeof sessionSchema.noticeMarkView>;
  readonly MarkList: Agree<sessions.MarkList, typeof sessionSchema.markList>;
  readonly ToldRequest: Agree<sessions.ToldRequest, typeof sessionSchema.toldRequest>;
  readonly ExplainRequest: Agree<sessions.ExplainRequest, typeof sessionSchema.explainRequest>;
  readonly ExtendRequest: Agree<sessions.ExtendRequest, typeof sessionSchema.extendRequest>;
  readonly WordsView: Agree<dockets.WordsView, typeof rulesSchema.wordsView>;
  readonly ClauseView: Agree<dockets.ClauseView, typeof rulesSchema.clauseView>;
  readonly FieldView: Agree<dockets.FieldView, typeof rulesSchema.fieldView>;
  readonly KindView: Agree<dockets.KindView, typeof rulesSchema.kindView>;
  readonly DutyView: Agree<dockets.DutyView, typeof rulesSchema.dutyView>;
  readonly RulesView: Agree<dockets.RulesView, typeof rulesSchema.rulesView>;
  readonly DocketEntry: Agree<dockets.DocketEntry, typeof docketSchema.docketEntry>;
  readonly Docket: Agree<dockets.Docket, typeof docketSchema.docket>;
  readonly ScheduleRequest: Agree<dockets.ScheduleRequest, typeof docketSchema.scheduleRequest>;
  readonly AmendRequest: Agree<dockets.AmendRequest, typeof docketSchema.amendRequest>;
  readonly CancelRequest: Agree<dockets.CancelRequest, typeof docketSchema.cancelRequest>;
  readonly AdjournedView: Agree<dockets.AdjournedView, typeof docketSchema.adjournedView>;
  readonly ImportRequest: Agree<dockets.ImportRequest, typeof docketSchema.importRequest>;
  readonly ImportResult: Agree<dockets.ImportResult, typeof docketSchema.importResult>;
  readonly CheckView: Agree<dockets.CheckView, typeof docketSchema.checkView>;
  readonly CheckRequest: Agree<dockets.CheckRequest, typeof docketSchema.checkRequest>;
  readonly HeardRequest: Agree<dockets.HeardRequest, typeof docketSchema.heardRequest>;
  readonly ReviewView: Agree<contract.ReviewView, typeof roomSchema.reviewView>;
  readonly ReviewStream: Agree<contract.ReviewStream, typeof roomSchema.reviewStream>;
  readonly ReviewSegment: Agree<contract.ReviewSegment, typeof roomSchema.reviewSegment>;
  readonly SignView: Agree<contract.SignView, typeof schema.signView>;
  readonly SiteView: Agree<contract.SiteView, typeof schema.siteView>;
} = {
  Trouble: true,
  ErrorBody: true,
  Role: true,
  PersonChoice: true,
  PanelName: true,
  HereView: true,
  PersonAtDoor: true,
  LoginRequest: true,
  SecretRequest: true,
  PairRequest: true,
  ChangePinRequest: true,
  CodeRequest: true,
  Me: true,
  CodeView: true,
  PanelView: true,
  PanelList: true,
  LoginView: true,
  LoginList: true,
  StaffView: true,
  StaffList: true,
  TrailView: true,
  TrailList: true,
  GivenPin: true,
  GivenSecret: true,
  RoomName: true,
  StreamView: true,
  SessionKind: true,
  GapView: true,
  SessionView: true,
  HandOverView: true,
  RoomView: true,
  OpenRequest: true,
  SessionList: true,
  NamedPerson: true,
  FieldValues: true,
  PlannedView: true,
  InterruptionView: true,
  MarkView: true,
  NoticeView: true,
  SessionWarning: true,
  DeadlineView: true,
  KeepView: true,
  PressRequest: true,
  AdjournRequest: true,
  FillRequest: true,
  MarkRequest: true,
  MarkNoteRequest: true,
  MarkList: true,
  NoticeMarkView: true,
  ToldRequest: true,
  ExplainRequest: true,
  ExtendRequest: true,
  WordsView: true,
  ClauseView: true,
  FieldView: true,
  KindView: true,
  DutyView: true,
  RulesView: true,
  DocketEntry: true,
  Docket: true,
  ScheduleRequest: true,
  AmendRequest: true,
  CancelRequest: true,
  AdjournedView: true,
  ImportRequest: true,
  ImportResult: true,
  CheckView: true,
  CheckRequest: true,
  HeardRequest: true,
  ReviewView: true,
  ReviewStream: true,
  ReviewSegment: true,
  SignView: true,
  SiteView: true,
};

test('every schema agrees with its contract', () => {
  expect(Object.values(agreements).every(Boolean)).toBe(true);
});

describe('the API document', () => {
  let stage: ApiStage;
  beforeAll(async () => {
    stage = await ApiStage.open();
  });
  afterAll(async () => {
    await stage.close();
  });

  test('is served, and holds every route of the server with its refusals', async () => {
    const response = await fetch(`${stage.url}/api/openapi.json`);
    const document = (await response.json()) as {
      openapi: string;
      paths: { [path: string]: { [method: string]: { responses: object } } };
    };
    expect(document).toEqual(JSON.parse(JSON.stringify(openApiDocument('0.0.0'))));
    expect(document.openapi).toBe('3.1.0');
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(listed.sort()).toEqual(ROUTES.map((route) => `${route.method} ${route.path}`).sort());
    for (const { method, path, needsLogin } of ROUTES) {
      const responses = Object.keys(document.paths[path]?.[method]?.responses ?? {});
      if (needsLogin) expect(responses).toContain('401');
      expect(responses).toContain('400');
    }
  });
});
