//! Made-up dashboards and looks, shaped and sized like real ones.

use std::fmt::Write;

/// A small deterministic source of choices.
pub(crate) struct Dice(u64);

impl Dice {
    /// Starts at a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        dice.roll(2);
        dice.roll(2);
        dice
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn word(&mut self) -> &'static str {
        const WORDS: &[&str] = &[
            "orders",
            "users",
            "revenue",
            "status",
            "created",
            "region",
            "margin",
            "churn",
            "segment",
            "cohort",
            "sessions",
            "channel",
            "product",
            "brand",
            "category",
            "état",
            "inventory",
            "returns",
            "shipping",
            "latency",
            "pipeline",
            "quota",
            "forecast",
            "budget",
            "billing",
            "invoice",
            "campaign",
            "clicks",
            "leads",
            "größe",
        ];
        WORDS[self.roll(WORDS.len() as u64) as usize]
    }

    fn words(&mut self, count: u64) -> String {
        (0..count).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    fn field(&mut self) -> String {
        format!("{}.{}_{}", self.word(), self.word(), self.word())
    }

    fn fields(&mut self, count: u64) -> String {
        let fields: Vec<_> = (0..count).map(|_| format!("\"{}\"", self.field())).collect();
        format!("[{}]", fields.join(","))
    }

    fn token(&mut self) -> String {
        (0..22)
            .map(|_| {
                char::from(
                    b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"[self.roll(56) as usize],
                )
            })
            .collect()
    }
}

const CAN: &str = r#"{"index":true,"show":true,"copy":true,"run":true,"create":true,"move":true,"update":true,"destroy":false,"recover":true,"see_lookml":true,"explore":true,"download":true}"#;

fn query(dice: &mut Dice) -> String {
    let (token, fields) = (dice.token(), dice.fields(6));
    format!(
        r##"{{"can":{CAN},"id":"{}","view":"{}","fields":{fields},"pivots":null,"fill_fields":null,"filters":{{"{}":"{} days","{}":"-EMPTY"}},"filter_expression":null,"sorts":["{} desc"],"limit":"{}","column_limit":"50","total":null,"row_total":null,"subtotals":null,"vis_config":{{"x_axis_gridlines":false,"y_axis_gridlines":true,"show_view_names":false,"show_y_axis_labels":true,"y_axis_tick_density":"default","y_axis_tick_density_custom":{},"legend_position":"center","point_style":"none","show_value_labels":{},"label_density":{},"x_axis_scale":"auto","type":"looker_{}","series_colors":{{"{}":"#{:06X}"}},"defaults_version":1}},"filter_config":null,"visible_ui_sections":null,"slug":"{token}","dynamic_fields":"[{{\"category\":\"table_calculation\",\"expression\":\"${{{}}}/${{{}}}\",\"label\":\"{}\",\"value_format\":null,\"value_format_name\":\"percent_1\",\"_kind_hint\":\"measure\",\"table_calculation\":\"{}\",\"_type_hint\":\"number\"}}]","client_id":"{token}","share_url":"https://made-up.looker.example/x/{token}","expanded_share_url":null,"url":"/explore/{}/{}?qid={token}","query_timezone":"UTC","has_table_calculations":true,"model":"{}","runtime":0.{}}}"##,
        dice.roll(1 << 50),
        dice.word(),
        dice.field(),
        dice.roll(90),
        dice.field(),
        dice.field(),
        dice.roll(5000),
        dice.roll(10),
        dice.roll(2) == 0,
        dice.roll(100),
        dice.word(),
        dice.field(),
        dice.roll(1 << 24),
        dice.field(),
        dice.field(),
        dice.words(3),
        dice.word(),
        dice.word(),
        dice.word(),
        dice.word(),
        dice.roll(1 << 40),
    )
}

fn tile(dice: &mut Dice, dashboard: u64, index: u64) -> String {
    let (id, title, note) = (dashboard * 100 + index, dice.words(4), dice.words(9));
    format!(
        r#"{{"can":{CAN},"body_text":null,"body_text_as_html":null,"dashboard_id":"{dashboard}","edit_uri":"/dashboards/{dashboard}/edit","id":"{id}","look":null,"look_id":null,"lookml_link_id":null,"merge_result_id":null,"note_display":"hover","note_state":"collapsed","note_text":"{note}","note_text_as_html":"<p>{note}</p>","query":{},"query_id":"{}","refresh_interval":null,"refresh_interval_to_i":null,"result_maker":{{"id":"{}","dynamic_fields":null,"filterables":[{{"model":"{}","view":"{}","name":null,"listen":[{{"dashboard_filter_name":"{}","field":"{}"}}]}}],"sorts":[],"merge_result_id":null,"total":false,"query_id":null,"sql_query_id":null,"vis_config":null}},"subtitle_text":null,"title":"{title}","title_hidden":false,"title_text":null,"type":"vis","alert_count":{},"rich_content_json":"{{\"format\":\"slate\"}}","title_text_as_html":"<h1>{title}</h1>","subtitle_text_as_html":null,"extension_id":null}}"#,
        query(dice),
        dice.roll(1 << 50),
        dice.roll(1 << 40),
        dice.word(),
        dice.word(),
        dice.word(),
        dice.field(),
        dice.roll(4),
    )
}

/// A dashboard of about 30 KB as an API would answer it.
pub(crate) fn dashboard(id: u64, edit: u64) -> Vec<u8> {
    let mut dice = Dice::new(id * 1_000 + edit);
    let tiles: Vec<_> = (0..11).map(|index| tile(&mut dice, id, index)).collect();
    let mut components = String::new();
    for index in 0..11 {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(
            components,
            r#"{comma}{{"can":{CAN},"id":"{}","dashboard_layout_id":"{id}","dashboard_element_id":"{}","row":{},"column":{},"width":8,"height":6,"deleted":false,"element_title":"{}","element_title_hidden":false,"vis_type":"looker_line"}}"#,
            id * 100 + index,
            id * 100 + index,
            dice.roll(60),
            dice.roll(24),
            dice.words(4),
        );
    }
    format!(
        r##"{{"title":"{}","id":"{id}","can":{CAN},"description":"{}","user_id":"{}","hidden":false,"query_timezone":"UTC","readonly":false,"refresh_interval":null,"folder":{{"id":"{}","name":"{}","parent_id":"1","can":{CAN}}},"model":null,"content_favorite_id":null,"background_color":"#f6f8fa","created_at":"2024-03-01T10:00:00.000+00:00","crossfilter_enabled":true,"dashboard_elements":[{}],"dashboard_filters":[{{"id":"{id}1","dashboard_id":"{id}","name":"{}","title":"{}","type":"field_filter","default_value":"7 days","model":"{}","explore":"{}","dimension":"{}","row":0,"listens_to_filters":[],"allow_multiple_values":true,"required":false,"ui_config":{{"type":"advanced","display":"popover"}},"can":{CAN}}}],"dashboard_layouts":[{{"can":{CAN},"id":"{id}","dashboard_id":"{id}","type":"newspaper","active":true,"column_width":null,"width":null,"deleted":false,"dashboard_title":"x","dashboard_layout_components":[{components}]}}],"deleted":false,"deleted_at":null,"deleter_id":null,"edit_uri":"/dashboards/{id}/edit","favorite_count":{},"last_accessed_at":"2026-11-2{}T10:00:00.000+00:00","last_viewed_at":"2026-11-2{}T11:00:00.000+00:00","updated_at":"2026-0{}-01T10:00:00.000+00:00","last_updater_id":"{}","slug":"{}","space":null,"text_tile_text_color":null,"url":"/dashboards/{id}","view_count":{},"preferred_viewer":"dashboards-next"}}"##,
        dice.words(4), dice.words(14), dice.roll(900), dice.roll(500), dice.words(2),
        tiles.join(","), dice.words(2), dice.words(2), dice.word(), dice.word(), dice.field(),
        dice.roll(50), dice.roll(4), dice.roll(4), 1 + dice.roll(9), dice.roll(900), dice.token(),
        dice.roll(100_000),
    )
    .into_bytes()
}

/// A look of about 2 KB, its query included.
pub(crate) fn look(id: u64, edit: u64) -> Vec<u8> {
    let mut dice = Dice::new(id * 7_000 + edit);
    format!(
        r#"{{"id":"{id}","title":"{}","can":{CAN},"query":{},"view_count":{},"updated_at":"2026-01-01T00:00:00Z"}}"#,
        dice.words(4), query(&mut dice), dice.roll(100_000),
    )
    .into_bytes()
}
