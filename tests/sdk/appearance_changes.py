"""Themes and colour collections: created, changed, deleted, refused."""

from looker_sdk import models40 as models

from checklist import check, holds, ids, refused, same


@check("create_theme, update_theme and delete_theme")
def theme(at):
    default = at.sdk.default_theme()
    made = at.sdk.create_theme(models.WriteTheme(name="sdk", settings=models.ThemeSettings(title_color="#000")))
    same((made.settings.title_color, made.settings.font_family), ("#000", default.settings.font_family))
    same(at.sdk.theme(made.id), made)
    same(at.sdk.update_theme(made.id, models.WriteTheme(name="sdk_2")).name, "sdk_2")
    same(at.sdk.delete_theme(made.id), "")
    refused(404, at.sdk.theme, made.id)
    refused(405, at.sdk.update_theme, default.id, models.WriteTheme(name="x"))
    bad = models.WriteTheme(name="dg&", settings=models.ThemeSettings(background_color="invalid"))
    same(len(refused(422, at.sdk.create_theme, bad).errors), 2)


@check("create_, update_ and delete_color_collection; standard ones stay")
def collection(at):
    palette = models.DiscretePalette(label="P", type="Categorical", colors=["#000", "#fff"])
    body = models.WriteColorCollection(label="SDK", categoricalPalettes=[palette])
    made = at.sdk.create_color_collection(body)
    same((made.label, list(made.categoricalPalettes[0].colors)), ("SDK", ["#000", "#fff"]))
    holds(made.categoricalPalettes[0].id, "the palette has no id")
    holds(made.id in ids(at.sdk.color_collections_custom()), "it is not listed")
    after = at.sdk.update_color_collection(made.id, models.WriteColorCollection(label="Other"))
    same((after.label, after.categoricalPalettes), ("Other", made.categoricalPalettes))
    at.sdk.delete_color_collection(made.id)
    refused(404, at.sdk.color_collection, made.id)
    refused(403, at.sdk.delete_color_collection, at.sdk.default_color_collection().id)
