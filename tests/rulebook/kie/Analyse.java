import java.io.File;
import org.kie.dmn.api.core.DMNMessage;
import org.kie.dmn.validation.DMNValidator;
import org.kie.dmn.validation.DMNValidator.Validation;
import org.kie.dmn.validation.DMNValidatorFactory;

/** Prints what the decision table analysis of Apache KIE says of DMN files: file, kind, text; one complaint a line. */
public class Analyse {
  public static void main(String[] files) {
    DMNValidator validator = DMNValidatorFactory.newValidator();
    for (String file : files) {
      for (DMNMessage one : validator.validate(new File(file), Validation.ANALYZE_DECISION_TABLE)) {
        String text = one.getText().replaceAll("\\s+", " ");
        System.out.println(new File(file).getName() + "\t" + one.getMessageType().name() + "\t" + text);
      }
    }
    validator.dispose();
  }
}
