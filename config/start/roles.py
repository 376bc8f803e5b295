"""Who Frontdesk is in its embedded database: the owner of its own databases, and no superuser.

The bootstrap role, which may do everything to the whole cluster, stays with the launcher. A cluster of before is handed
over once: its databases and all that is in them get their new owner, a schema at a time.
"""

from collections.abc import Callable

from .problems import Problem

BOOTSTRAP, OWNER = "frontdesk", "frontdesk_app"
# What tests and benchmarks need beside: databases and roles of their own, and to begin with nothing unwritten.
WORKSHOP = "CREATEDB CREATEROLE"

# psql's \gexec runs each row of an answer as a statement. The password comes in by a variable of psql's input.
_ROLE_SQL = """
\\set password '{password}'
SELECT 'CREATE ROLE {owner} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{owner}') \\gexec
ALTER ROLE {owner} LOGIN NOSUPERUSER NOBYPASSRLS NOREPLICATION {rights} PASSWORD :'password';
{more}
SELECT format('ALTER DATABASE %I OWNER TO {owner}', datname) FROM pg_database
 WHERE datdba = '{bootstrap}'::regrole AND NOT datistemplate AND datname <> 'postgres' \\gexec
"""

# Extensions stay the superuser's, with all that is theirs; sequences of columns go with their tables.
_OBJECTS_SQL = """
DO $$
DECLARE
  place record; thing record;
BEGIN
  FOR place IN SELECT oid, nspname, nspowner FROM pg_namespace
                WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY oid LOOP
    IF place.nspowner = '{bootstrap}'::regrole THEN
      EXECUTE format('ALTER SCHEMA %I OWNER TO {owner}', place.nspname);
    END IF;
    FOR thing IN
      SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                  ELSE 'TABLE' END AS kind, c.oid::regclass::text AS name
        FROM pg_class c
       WHERE c.relnamespace = place.oid AND c.relowner = '{bootstrap}'::regrole AND c.relkind IN ('r','p','S','v','m')
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                                   AND d.deptype IN ('e', 'a', 'i'))
      UNION ALL
      SELECT 'ROUTINE', p.oid::regprocedure::text FROM pg_proc p
       WHERE p.pronamespace = place.oid AND p.proowner = '{bootstrap}'::regrole
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                                                   AND d.deptype = 'e')
      UNION ALL
      SELECT 'TYPE', t.oid::regtype::text FROM pg_type t
       WHERE t.typnamespace = place.oid AND t.typowner = '{bootstrap}'::regrole AND t.typtype IN ('e', 'd')
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid
                                                   AND d.deptype = 'e')
    LOOP
      EXECUTE format('ALTER %s %s OWNER TO {owner}', thing.kind, thing.name);
    END LOOP;
    COMMIT;
  END LOOP;
END $$;
"""

# psql -d <first> with <second> on its standard input; what it printed
Psql = Callable[[str, str], str]


def hand_over(psql: Psql, password: str, *, workshop: bool) -> None:
    """Make the owning role what it is to be, and give it every database and what lies in it. Done again: nothing changes."""
    if not password.isalnum():
        raise Problem("DATABASE_PASSWORD in secrets.env may hold letters and digits only.")
    names = {"bootstrap": BOOTSTRAP, "owner": OWNER}
    rights = WORKSHOP if workshop else "NOCREATEDB NOCREATEROLE"
    more = f"GRANT pg_checkpoint TO {OWNER};" if workshop else ""
    psql("postgres", _ROLE_SQL.format(password=password, rights=rights, more=more, **names))
    owned = psql("postgres", f"SELECT datname FROM pg_database WHERE datdba = '{OWNER}'::regrole ORDER BY oid;")
    for database in owned.splitlines():
        psql(database, _OBJECTS_SQL.format(**names))
