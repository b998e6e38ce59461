import { answerCalls } from '../shared/child.ts'
import { load } from './load.ts'

answerCalls({ load }, () => {})
