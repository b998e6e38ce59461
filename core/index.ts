/** The public API of Djet. Plugins and sites import from here and from nowhere deeper. */

/** Type of the argument of migrations. */
export type { Knex } from 'knex'
/** zod, for the parameters of jobs: sites need not install it themselves. */
export { z } from 'zod'
export {
  type Account,
  authenticate,
  createAccount,
  findAccount,
  type NewAccount,
  setPassword,
} from './account.ts'
export { type AccountSession, endSessions, sessionsOf } from './account-sessions.ts'
export { defined } from './api/defined.ts'
export { type JsonSchema, pageOf, ref, time } from './api/json-schema.ts'
export { nodeAnswer, nodeView, pageAnswer } from './api/node-view.ts'
export { openApiDocument } from './api/openapi.ts'
export {
  type ApiAnswer,
  type ApiCall,
  type ApiOperation,
  type ApiPart,
  type DocumentedAnswer,
  defineOperation,
} from './api/operation.ts'
export { partsOf } from './api/parts.ts'
export { idParam } from './api/problem.ts'
export { paging } from './api/shapes.ts'
export {
  type AuditEntry,
  type AuditFilter,
  type AuditLine,
  auditActions,
  DOORS,
  type Door,
  listAudit,
  type Origin,
} from './audit.ts'
export { type Basetype, defineBasetype, type NodeOf, type OnSite } from './basetype.ts'
export { type Config, defineConfig, type SiteConfig } from './config.ts'
export type { Connection, NamedStatement } from './db/connection.ts'
export type { Notices } from './db/outage.ts'
export { type AppScopeOptions, DjetApp, type Serving } from './djet.ts'
export { failForm, parseForm, showFields } from './edit/own-form.ts'
export {
  allow,
  type DjetContext,
  defineEngine,
  type Engine,
  type EngineContext,
  type EngineMiddleware,
  type EngineOptions,
  type EngineRouter,
  type FlashAction,
  type FlashKind,
} from './engine.ts'
export { DjetError, type DjetErrorOptions, didYouMean, messageOf } from './error.ts'
export * from './field/index.ts'
export { issueWords, problemsByPlace, saidOf } from './field/issue-words.ts'
export type { Files, NewFile, StoredFile } from './file/files.ts'
export { formatAmount, formatBytes, formatDate, formatDateTime, formatNumber } from './format.ts'
export { wantsJson } from './http/accept.ts'
export { ifMatch, withIfMatch } from './http/if-match.ts'
export { keepLanguage } from './http/language.ts'
export { isLocalPath } from './http/local-path.ts'
export { type SendFileOptions, sendFile } from './http/send-file.ts'
export { siteUrl } from './http/site-url.ts'
export { type UploadOptions, upload } from './http/upload.ts'
export type { LanguageChoice } from './i18n/languages.ts'
export { sentence } from './i18n/sentence.ts'
export type { Texts, TextValues } from './i18n/texts.ts'
export { Zone, zoneNames } from './i18n/zone.ts'
export { readJsonText } from './json-text.ts'
export type { Mail } from './mail/mailer.ts'
export type { Attachment, MailMessage } from './mail/message.ts'
export {
  type Acl,
  ADMIN,
  type Decision,
  decide,
  type Explanation,
  explain,
  type Permission,
  type RoleRule,
  rolesOf,
  type User,
} from './node/access.ts'
export { checkLimit, fromCursor, toCursor } from './node/cursor.ts'
export { type Difference, diffVersions, type PathChange, type TextPiece, textPieces } from './node/diff.ts'
export type { DraftChange } from './node/draft.ts'
export { type DueResult, nextPublishTime, publishDue } from './node/due.ts'
export type { DuplicateOptions } from './node/duplicate.ts'
export type { NodeHistory, NodeMoving, NodePublishing, NodeRedirects, NodeTrash } from './node/editing.ts'
export type { RestoreOptions, VersionsOptions } from './node/history.ts'
export { knownRoles, ruledRoles } from './node/known-roles.ts'
export type { ChangeSide } from './node/lost-update.ts'
export { typesBelow } from './node/max.ts'
export type { MoveReport } from './node/move.ts'
export type { Node, Page } from './node/node.ts'
export type {
  BasetypeRef,
  Branch,
  DeleteOptions,
  ListOptions,
  NewNode,
  NodeChange,
  NodeLink,
  NodeRef,
  Nodes,
  Place,
} from './node/nodes.ts'
export { partFrom } from './node/part.ts'
export { fits } from './node/place.ts'
export { type Possible, possibleWith } from './node/possible.ts'
export type { PublishOptions, PublishState, Schedule } from './node/publish.ts'
export type { NewRedirect, Redirect, RedirectListOptions } from './node/redirect.ts'
export { isScope, SCOPES, type Scope } from './node/scopes.ts'
export type { NodeStatus } from './node/status.ts'
export type { TrashItem, TrashListOptions, TrashPlace } from './node/trash.ts'
export { requireTrash, trashObstacles } from './node/trash-obstacles.ts'
export { type TrashReport, trashReport } from './node/trash-report.ts'
export { trashWarnings } from './node/trash-warnings.ts'
export type { Version, VersionInfo, VersionRef } from './node/version.ts'
export { type OpenOptions, openConfig, openSite } from './open-site.ts'
export { page } from './page.ts'
export { checkPassword } from './password.ts'
export { encodePath, type FormState, type MenuItem, type Payload, urlBelow } from './payload.ts'
export * from './plugin.ts'
export type { Registry } from './registry.ts'
export * from './scope.ts'
export type { Session } from './session.ts'
export { isSigned, sign } from './sign.ts'
export {
  buildBasetype,
  type CheckedType,
  checkDefinition,
  MOST_FIELDS,
  makeField,
  type SiteField,
  type SiteType,
  typeNameProblem,
} from './site-type/definition.ts'
export { drawWith } from './site-type/draw.ts'
export { KINDS, type Kind, type KindOption } from './site-type/kinds.ts'
export { tryTemplate } from './site-type/try.ts'
export { createToken, type NewToken, revokeTokens, type Token, type TokenInfo, tokensOf } from './token.ts'
