/** Room left between siblings, so that one can be put between two others without touching them. */
export const STEP = 1024
