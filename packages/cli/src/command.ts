/** One subcommand. */
export interface Command {
  /** What may stand after its name. */
  readonly usage?: string
  /** One line for the list of commands. */
  readonly summary: string
  /**
   * Does it. The process ends when nothing is left to do.
   *
   * @param flags what stands after its name
   * @throws `ERR_CONFIG_INVALID` and other errors, which are shown to a person.
   */
  run(flags: readonly string[]): Promise<void>
}
