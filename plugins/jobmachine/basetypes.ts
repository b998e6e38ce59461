import { defineBasetype } from '../../core/index.ts'

/** The one node of a site whose page is the job machine. Visitors see nothing of it. */
export const jobmachineBasetype = defineBasetype({
  name: 'jobmachine',
  title: 'Jobs',
  max: 1,
  fixed: true,
  engine: 'jobmachine.jobs',
  template: 'jobs.eta',
  children: [],
  acl: { everyone: [], staff: ['view', 'start', 'cancel'] },
})
