import type { ApiPart } from '../../../core/index.ts'
import type { Tools } from '../tools.ts'
import { userActions } from './actions.ts'
import { userOperations } from './users.ts'
import { userShapes } from './view.ts'

/** What programs may ask about users: the same as their pages, by the same rules. */
export function usersApi(tools: Tools): ApiPart {
  return { schemas: userShapes, operations: [...userOperations(tools), ...userActions(tools)] }
}
