"""The webhook door's one statement: store raw parts of any number of tenants, and wake each of them.

A function, because the tables lie in as many schemas as there are tenants in a batch: sent one by one from
Python, the statements cost several times what the work does (bench/ingest).
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION public.store_deliveries(
    moment timestamptz, kind text, queue text,
    schemas text[], channels text[], accounts text[], bodies bytea[], traces uuid[],
    OUT woken integer, OUT elsewhere integer[]
) LANGUAGE plpgsql AS $$
DECLARE
    part record;
    mine text[];
BEGIN
    elsewhere := '{}';
    FOR part IN
        SELECT p.*, EXISTS (
                   SELECT 1 FROM public.organizations_accountroute r
                     JOIN public.organizations_organization o ON o.id = r.organization_id
                    WHERE r.channel = p.channel AND r.external_id = p.account AND o.schema_name = p.schema
               ) AS here
          FROM unnest(schemas, channels, accounts, bodies, traces)
               WITH ORDINALITY AS p(schema, channel, account, body, trace, n)
         ORDER BY p.n
    LOOP
        IF part.here THEN
            EXECUTE format(
                'INSERT INTO %I.integrations_delivery'
                ' (channel, account, body, trace, received_at, state, attempts, error)'
                ' VALUES ($1, $2, $3, $4, $5, ''pending'', 0, '''')', part.schema
            ) USING part.channel, part.account, part.body, part.trace, moment;
            mine := mine || part.schema;
        ELSE
            elsewhere := elsewhere || (part.n - 1)::integer;
        END IF;
    END LOOP;
    -- The lock comes before the look at the table (see jobs.services.wake); in order, so that nobody deadlocks.
    WITH fence AS MATERIALIZED (
        SELECT s AS schema, pg_advisory_xact_lock_shared(hashtextextended(kind || ':' || s, 0))
          FROM (SELECT DISTINCT unnest(mine) AS s ORDER BY 1) t
    )
    INSERT INTO public.jobs_job AS j
           (schema, kind, key, queue, run_at, generation, attempts, last_error, created_at)
    SELECT fence.schema, store_deliveries.kind, '', store_deliveries.queue, moment, 0, 0, '', moment
      FROM fence ORDER BY fence.schema
        ON CONFLICT ON CONSTRAINT job_once DO NOTHING;
    GET DIAGNOSTICS woken = ROW_COUNT;
END
$$
"""
DROP = "DROP FUNCTION public.store_deliveries(timestamptz, text, text, text[], text[], text[], bytea[], uuid[])"


class Migration(migrations.Migration):
    dependencies = [("organizations", "0002_trigrams"), ("jobs", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
