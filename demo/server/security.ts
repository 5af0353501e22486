/** Who may administer a database and who may read it: the parts of `_security` the server acts upon. */
export interface Security {
  readonly admins: SecurityGroup;
  readonly members: SecurityGroup;
}

/** Users and roles; where both are empty in `members`, everybody is a member. */
export interface SecurityGroup {
  readonly names: readonly string[];
  readonly roles: readonly string[];
}
