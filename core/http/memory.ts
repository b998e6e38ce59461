import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8 from taking what a request needs for long-lived. With many requests waiting for the database at once, most
 * of their objects outlive several small collections; V8 then makes all later ones of their kind where only full
 * collections look, and whatever they refer to stays with them. Half of what each request made was kept so, and a
 * sixth of the processor's time went into copying it.
 */
export function keepRequestsShortLived(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}
