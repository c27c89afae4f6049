//! Looks, with their query as `GET /looks/{id}` embeds it.

use fastrand::Rng;

use super::queries::push_query;
use super::{Ground, Plan, moments, words};
use crate::json::Writer;
use crate::metadata;

/// Writes the `LookWithQuery` of a look.
pub(crate) fn look(plan: &Plan, ground: &Ground) -> String {
    let mut rng = Rng::with_seed(ground.seed ^ plan.id.wrapping_mul(0x6C62_272E) ^ 0x100C);
    let rng = &mut rng;
    let folder = &ground.folders[plan.folder];
    let owner = &ground.people[rng.usize(..ground.people.len())];
    let born = moments::past(rng);
    let edited = born + rng.i64(0..31_536_000);
    let query = 1 + rng.u64(..ground.queries.max(1));
    let public = rng.u8(..15) == 0;
    let slug = words::slug(rng);
    let mut w = Writer::with_capacity(6_000);
    w.begin('{');
    w.id("id", plan.id);
    w.text("title", &plan.title);
    w.opt("description", rng.bool().then(|| words::prose(rng, 70)).as_deref());
    w.text("folder_id", &folder.id);
    w.id("user_id", owner.id);
    w.opt("user_name", owner.name.as_deref());
    w.id("query_id", query);
    w.int("view_count", rng.u64(..5_000));
    w.int("favorite_count", rng.u64(..9));
    w.int("usage_count", rng.u64(..900));
    w.raw("content_favorite_id", "null");
    w.id("content_metadata_id", metadata::LOOKS + plan.id);
    w.text("created_at", &moments::stamp(born));
    w.text("updated_at", &moments::stamp(edited));
    w.bool("deleted", plan.trashed);
    w.opt("deleted_at", plan.trashed.then(|| moments::stamp(edited)).as_deref());
    w.opt("deleter_id", plan.trashed.then(|| owner.id.to_string()).as_deref());
    w.text("last_viewed_at", &moments::stamp(edited + 3_600));
    w.text("last_accessed_at", &moments::stamp(edited + 7_200));
    w.raw(
        "certification_metadata",
        r#"{"certification_status":null,"ui_status":null,"user_name":null,"notes":null,"updated_at":null}"#,
    );
    w.id("last_updater_id", owner.id);
    w.bool("is_owner_disabled", owner.id % 9 == 6);
    w.bool("is_run_on_load", rng.bool());
    w.bool("public", public);
    w.opt("public_slug", public.then_some(slug.as_str()));
    w.opt("public_url", public.then(|| format!("https://localhost/looks/{slug}")).as_deref());
    w.opt("embed_url", public.then(|| format!("https://localhost/embed/public/{slug}")).as_deref());
    w.opt("image_embed_url", public.then(|| format!("https://localhost/looks/{slug}.png")).as_deref());
    w.opt("excel_file_url", public.then(|| format!("https://localhost/looks/{slug}.xlsx")).as_deref());
    w.opt(
        "google_spreadsheet_formula",
        public.then(|| format!("=ImportXML(\"https://localhost/looks/{slug}.html\", \"//tr\")")).as_deref(),
    );
    w.text("short_url", &format!("/looks/{}", plan.id));
    w.members(r#""can":{"index":true,"show":true,"copy":true,"run":true,"create":true,"move":true,"update":true,"destroy":true,"recover":true,"render":true,"download":true,"explore":true,"find_and_replace":true},"model":{"id":"ecommerce","label":"eCommerce"}"#);
    w.raw("folder", &folder.body);
    w.raw("x_release_fields", "{\"rank\":1.0,\"none\":null}");
    w.text("url", &format!("/looks/{}", plan.id));
    w.key("query");
    push_query(ground.seed, query, &mut w);
    w.end('}');
    w.out
}
