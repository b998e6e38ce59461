import { definePlugin } from '../../../../core/index.ts'

export const isolated = definePlugin(() => ({ name: 'isolated', requires: ['jobmachine'], jobs: [] }))
