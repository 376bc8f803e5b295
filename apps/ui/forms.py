"""How Django renders every form here: label above, help and errors below, one column.

Set `FORM_RENDERER = "apps.ui.forms.FrontdeskRenderer"` and have `django.forms` in INSTALLED_APPS. Then `{{ form }}`,
`{{ form.as_div }}`, `{{ form.as_p }}` and `{{ form.name.as_field_group }}` all look like ours.
"""

from django.forms.renderers import TemplatesSetting


class FrontdeskRenderer(TemplatesSetting):
    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"
    formset_template_name = "ui/forms/formset.html"
